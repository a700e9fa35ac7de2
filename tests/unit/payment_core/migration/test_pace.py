"""A job goes no faster than it may, and waits while payments suffer."""

from payment_core.migration.engine.pace import LatencyGate, OpenGate, Pace


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.ms = 0.0
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return round(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += seconds * 1000


async def test_so_many_records_a_second_and_no_more() -> None:
    time = Time()
    pace = Pace(time, time.sleep, OpenGate(), 100)
    for _ in range(11):
        await pace.wait(50)
    assert time.ms == 10 * 50 * 1000 / 100


async def test_without_a_limit_nothing_is_waited_for() -> None:
    time = Time()
    await Pace(time, time.sleep, OpenGate(), 0).wait(10_000)
    assert time.slept == []


async def test_what_was_not_used_is_made_up_for_within_a_second_at_the_most() -> None:
    time = Time()
    pace = Pace(time, time.sleep, OpenGate(), 10)
    time.ms = 60_000
    await pace.wait(10)
    assert time.slept == []
    await pace.wait(10)
    await pace.wait(10)
    assert sum(time.slept) == 1.0


async def test_a_slow_commit_gives_others_as_long_as_it_took() -> None:
    time = Time()
    gate = LatencyGate(time, limit_ms=100)
    pace = Pace(time, time.sleep, gate, 0)
    gate.took(99)
    await pace.wait(1)
    assert time.slept == []
    gate.took(400)
    await pace.wait(1)
    assert 400 <= time.ms < 800
    assert pace.held_ms == time.ms
    assert time.slept == [0.05, 0.1, 0.2, 0.4]
