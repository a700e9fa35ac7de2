"""A scenario's steps come in order and at their moments."""

from typing import Literal

from config.scenario import (
    Alert,
    CardTesting,
    CoreRelease,
    Environment,
    LoseRegion,
    Release,
    Scenario,
    SetWeights,
    StartCore,
    StopCore,
    Traffic,
)
from daemon.embedded.scenario.player import play


class _Clock:
    def __init__(self) -> None:
        self.ms = 0.0

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000


class _Hands:
    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self.done: list[tuple[float, str]] = []

    async def shift(self, green_percent: int) -> None:
        self.done.append((self._clock.ms, f"shift {green_percent}"))

    async def release(self, step: Release) -> None:
        self.done.append((self._clock.ms, f"release {step.strategy}"))

    async def stop_core(self, environment: Environment) -> None:
        self.done.append((self._clock.ms, f"stop {environment}"))
        self._clock.ms += 300

    async def start_core(self, environment: Environment) -> None:
        self.done.append((self._clock.ms, f"start {environment}"))

    async def test_cards(self, wave: CardTesting) -> None:
        self.done.append((self._clock.ms, f"test {wave.cards}"))

    async def alert(self, about: Literal["security", "cost"]) -> None:
        self.done.append((self._clock.ms, f"alert {about}"))

    async def lose_region(self, region: str) -> None:
        self.done.append((self._clock.ms, f"lose {region}"))


def _scenario() -> Scenario:
    return Scenario(
        name="all-steps",
        summary="Every kind of step.",
        blue=CoreRelease(version="1.0.0"),
        green=CoreRelease(version="2.0.0"),
        traffic=Traffic(payments_per_second=10),
        steps=(
            SetWeights(at=5.0, step="deploy", green_percent=25),
            StopCore(at=10.0, step="stop_core", environment="blue"),
            StartCore(at=12.0, step="start_core", environment="blue"),
            CardTesting(at=20.0, step="test_cards", cards=3, attempts_per_second=4, lasting=10.0),
            Alert(at=30.0, step="alert", about="cost"),
            Release(at=35.0, step="release", strategy="canary"),
            LoseRegion(at=40.0, step="lose_region", region="us-west-2"),
        ),
        regions=("us-east-1", "us-west-2"),
    )


async def test_every_step_is_done_at_its_moment_however_long_the_one_before_took() -> None:
    clock = _Clock()
    hands = _Hands(clock)
    await play(_scenario(), hands, clock, 1.0, lambda _: None)
    assert hands.done == [
        (5_000, "shift 25"),
        (10_000, "stop blue"),
        (12_000, "start blue"),
        (20_000, "test 3"),
        (30_000, "alert cost"),
        (35_000, "release canary"),
        (40_000, "lose us-west-2"),
    ]


async def test_time_scale_10_makes_ten_seconds_last_one() -> None:
    clock = _Clock()
    hands = _Hands(clock)
    said: list[str] = []
    await play(_scenario(), hands, clock, 10.0, said.append)
    assert [at_ms for at_ms, _ in hands.done] == [500, 1_000, 1_300, 2_000, 3_000, 3_500, 4_000]
    assert len(said) == 7
