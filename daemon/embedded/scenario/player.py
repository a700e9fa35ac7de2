"""Plays a scenario's steps at their moments."""

from collections.abc import Callable
from typing import Literal, Protocol, assert_never

from config.scenario import (
    Alert,
    CardTesting,
    Environment,
    LoseRegion,
    Release,
    Scenario,
    SetWeights,
    StartCore,
    StopCore,
)
from remediation.ports import Clock


class Hands(Protocol):
    """What a scenario can do to the system."""

    async def shift(self, green_percent: int) -> None:
        """Deploy, or move on with the deployment."""

    async def release(self, step: Release) -> None:
        """Ask the daemon to bring green's version out."""

    async def stop_core(self, environment: Environment) -> None:
        """Kill the environment's process, as a crash would."""

    async def start_core(self, environment: Environment) -> None:
        """Start it again."""

    async def test_cards(self, wave: CardTesting) -> None:
        """Let card testers begin; returns at once."""

    async def alert(self, about: Literal["security", "cost"]) -> None:
        """Let a service report something critical."""

    async def lose_region(self, region: str) -> None:
        """Kill every core of the region."""


async def play(scenario: Scenario, hands: Hands, clock: Clock, time_scale: float, say: Callable[[str], None]) -> None:
    """Do every step at its moment after now; time_scale 10 makes ten seconds of the scenario last one."""
    began_ms = clock.monotonic_ms()
    for step in scenario.steps:
        due_ms = began_ms + step.at * 1000 / time_scale
        wait_seconds = (due_ms - clock.monotonic_ms()) / 1000
        if wait_seconds > 0:
            await clock.sleep(wait_seconds)
        match step:
            case SetWeights():
                say(f"scenario: {step.green_percent} % of the traffic to green {scenario.green.version}")
                await hands.shift(step.green_percent)
            case Release():
                say(f"scenario: {scenario.green.version} is to be brought out, {step.strategy}")
                await hands.release(step)
            case StopCore():
                say(f"scenario: {step.environment} is killed")
                await hands.stop_core(step.environment)
            case StartCore():
                say(f"scenario: {step.environment} is started again")
                await hands.start_core(step.environment)
            case CardTesting():
                say(f"scenario: testers try {step.cards} stolen cards, {step.attempts_per_second:g} attempts a second")
                await hands.test_cards(step)
            case Alert():
                say(f"scenario: an alert about {step.about}")
                await hands.alert(step.about)
            case LoseRegion():
                say(f"scenario: {step.region} is lost")
                await hands.lose_region(step.region)
            case _:
                assert_never(step)
