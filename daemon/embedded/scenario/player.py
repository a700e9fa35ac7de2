"""Plays a scenario's steps at their moments."""

from collections.abc import Awaitable, Callable
from typing import assert_never

from config.scenario import (
    Alert,
    CardTesting,
    CutOver,
    LoseRegion,
    Release,
    Scenario,
    SetWeights,
    StartCore,
    Step,
    StopCore,
)
from remediation.ports import Clock


async def play(
    scenario: Scenario,
    do: Callable[[Step], Awaitable[None]],
    clock: Clock,
    time_scale: float,
    say: Callable[[str], None],
) -> None:
    """Do every step at its moment after now; time_scale 10 makes ten seconds of the scenario last one."""
    began_ms = clock.monotonic_ms()
    for step in scenario.steps:
        due_ms = began_ms + step.at * 1000 / time_scale
        wait_seconds = (due_ms - clock.monotonic_ms()) / 1000
        if wait_seconds > 0:
            await clock.sleep(wait_seconds)
        say(f"scenario: {_words(step, scenario.green.version)}")
        await do(step)


def _words(step: Step, version: str) -> str:
    match step:
        case SetWeights():
            words = f"{step.green_percent} % of the traffic to green {version}"
        case Release():
            words = f"{version} is to be brought out, {step.strategy}"
        case StopCore():
            words = f"{step.environment} is killed"
        case StartCore():
            words = f"{step.environment} is started again"
        case CardTesting():
            words = f"testers try {step.cards} stolen cards, {step.attempts_per_second:g} attempts a second"
        case Alert():
            words = f"an alert about {step.about}"
        case LoseRegion():
            words = f"{step.region} is lost"
        case CutOver():
            words = f"{step.percent} % of the customers cut over" if step.percent else "everybody is cut back"
        case _:
            assert_never(step)
    return words
