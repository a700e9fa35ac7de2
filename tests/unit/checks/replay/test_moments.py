"""Recorded facts in their own time: each once, in order where the order can be known, with bounded ticks and memory."""

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from checks.facts import Fact, Heartbeat
from checks.replay import moments as moments_module
from checks.replay.moments import LATENESS_MS, Moments

NOW_MS = 1_767_225_600_000


def beats(*offsets_ms: int) -> list[Fact]:
    return [Heartbeat(id=str(number), at_ms=NOW_MS + at, subject="s") for number, at in enumerate(offsets_ms)]


def played(facts: Sequence[Fact], tick_ms: int = 1000) -> list[tuple[int, list[int]]]:
    return [(at - NOW_MS, [fact.at_ms - NOW_MS for fact in batch]) for at, batch in Moments(tick_ms).of(facts)]


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, LATENESS_MS - 2_001)), min_size=1, max_size=80),
    st.sampled_from([100, 1000]),
)
def test_facts_that_come_a_little_late_are_given_in_order_each_once_and_never_before_their_time(
    times: list[tuple[int, int]], tick_ms: int
) -> None:
    recorded = sorted(times, key=lambda one: one[0] + one[1])
    got = played(beats(*(at for at, _ in recorded)), tick_ms)
    given_out = [at for _, batch in got for at in batch]
    assert given_out == sorted(at for at, _ in times)
    assert [moment for moment, _ in got] == sorted({moment for moment, _ in got})
    for moment, batch in got:
        assert all(moment - tick_ms < at <= moment for at in batch)


def test_time_is_told_between_facts_that_are_far_apart() -> None:
    assert played(beats(0, 4_500)) == [(0, [0]), (1_000, []), (2_000, []), (3_000, []), (4_000, []), (5_000, [4_500])]


def test_a_fact_that_comes_too_late_is_given_with_the_next_ones_and_not_lost() -> None:
    got = played(beats(0, 60_000, 90_000, 1_000, 91_000))
    assert [at for _, batch in got for at in batch if at in {1_000, 90_000, 91_000}] == [1_000, 90_000, 91_000]
    assert [moment for moment, _ in got] == sorted(moment for moment, _ in got)


def test_one_wrong_clock_does_not_make_everything_else_late() -> None:
    got = played(beats(0, 500 * 86_400_000, *range(1_000, 20_000, 1_000)))
    assert [at for _, batch in got for at in batch] == [0, *range(1_000, 20_000, 1_000), 500 * 86_400_000]
    assert len(got) < 7_000


def test_an_outage_of_months_takes_bounded_ticks_and_then_time_goes_on() -> None:
    later = 100 * 86_400_000
    got = played(beats(0, *(later + second * 1_000 for second in range(30))))
    assert len(got) < 7_000
    assert got[-1] == (later + 29_000, [later + 29_000])


def test_no_more_waits_than_the_facts_of_the_lateness(monkeypatch: object) -> None:
    del monkeypatch
    moments = Moments(1000)
    peak = 0

    def watched() -> Iterator[Fact]:
        nonlocal peak
        for number in range(20_000):
            peak = max(peak, len(moments._waiting))
            yield Heartbeat(id=str(number), at_ms=NOW_MS + number * 100, subject="s")

    assert sum(len(batch) for _, batch in moments.of(watched())) == 20_000
    assert peak <= (LATENESS_MS + 3_000) // 100


def test_facts_of_one_moment_beyond_the_limit_go_on_without_waiting() -> None:
    moments = Moments(1000)
    moments_module.WAITING_MAX, kept = 50, moments_module.WAITING_MAX
    try:
        given_out = [len(batch) for _, batch in moments.of(beats(*range(0, 1_000, 5)))]
    finally:
        moments_module.WAITING_MAX = kept
    assert sum(given_out) == 200
    assert len(given_out) > 1
