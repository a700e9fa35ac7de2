"""A scenario's steps come in order and at their moments."""

from config.scenario import (
    Alert,
    CardTesting,
    CoreRelease,
    LoseRegion,
    Release,
    Scenario,
    SetWeights,
    StartCore,
    Step,
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
        self.done: list[tuple[float, Step]] = []

    async def do(self, step: Step) -> None:
        self.done.append((self._clock.ms, step))
        if isinstance(step, StopCore):
            self._clock.ms += 300


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
    await play(_scenario(), hands.do, clock, 1.0, lambda _: None)
    moments = (5_000, 10_000, 12_000, 20_000, 30_000, 35_000, 40_000)
    assert hands.done == list(zip(moments, _scenario().steps, strict=True))


async def test_time_scale_10_makes_ten_seconds_last_one() -> None:
    clock = _Clock()
    hands = _Hands(clock)
    said: list[str] = []
    await play(_scenario(), hands.do, clock, 10.0, said.append)
    assert [at_ms for at_ms, _ in hands.done] == [500, 1_000, 1_300, 2_000, 3_000, 3_500, 4_000]
    assert said == [
        "scenario: 25 % of the traffic to green 2.0.0",
        "scenario: blue is killed",
        "scenario: blue is started again",
        "scenario: testers try 3 stolen cards, 4 attempts a second",
        "scenario: an alert about cost",
        "scenario: 2.0.0 is to be brought out, canary",
        "scenario: us-west-2 is lost",
    ]
