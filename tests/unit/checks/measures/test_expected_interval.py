"""``absent`` with ``expected``: each key is silent after twice the interval that its own facts name."""

import random

import pytest

from checks.engine import Engine
from checks.explaining.time_to_breach import times_to_breach
from checks.facts import Fact, Heartbeat
from checks.findings import State
from config.loading.problems import ConfigurationError
from tests.unit.checks.conftest import Compile, Start
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_700_000_000_000


def beats(measure: str) -> str:
    """A rule about each heart that pages for its silence."""
    return rules(rule(measure, on="heartbeat", per="[subject]", more="no_data: page"))


PAGING = beats("{absent: 30s, expected: interval_seconds}")
TICK_MS = 1_000


def beat(at_ms: float, interval_seconds: float, subject: str = "till") -> Fact:
    return Heartbeat(
        id=f"{at_ms}{subject}", at_ms=NOW_MS + round(at_ms), subject=subject, interval_seconds=interval_seconds
    )


def silent_after_ms(engine: Engine, heard_ms: int, until_ms: int) -> list[int]:
    """When ticks of a second, from the last fact on, say something, in ms after that fact."""
    return [at for at in range(0, until_ms, TICK_MS) if engine.tick(NOW_MS + heard_ms + at)]


@pytest.mark.parametrize("interval_seconds", [2.0, 7.5, 60.0])
def test_a_feed_that_stops_is_paged_for_once_within_twice_its_interval_and_a_second(
    start: Start, interval_seconds: float
) -> None:
    engine, chance, at_ms = start(PAGING), random.Random(4), 0.0  # noqa: S311  # gaps of a test
    for _ in range(100):
        engine.observe([beat(at_ms, interval_seconds)], NOW_MS + round(at_ms))
        # Late by up to nine tenths of an interval, as a queue makes them.
        following_ms = at_ms + interval_seconds * 1000 * (1 + 0.9 * chance.random())
        for tick_ms in range(round(at_ms), round(following_ms), TICK_MS):
            assert engine.tick(NOW_MS + tick_ms) == []
        at_ms = following_ms
    engine.observe([beat(at_ms, interval_seconds)], NOW_MS + round(at_ms))
    (silent_ms,) = silent_after_ms(engine, round(at_ms), 600_000)
    assert 2_000 * interval_seconds <= silent_ms < 2_000 * interval_seconds + TICK_MS
    assert engine.current()[0].state is not State.CLEARED
    back_ms = NOW_MS + round(at_ms) + 600_000
    (cleared,) = engine.observe([beat(at_ms + 600_000, interval_seconds)], back_ms)
    assert cleared.state is State.CLEARED


def test_two_intervals_live_beside_each_other_and_the_newest_fact_names_its_own(start: Start) -> None:
    engine = start(PAGING)
    engine.observe([beat(0, 5, "quick"), beat(0, 60, "slow")], NOW_MS)
    quick = [finding for at in range(0, 20_000, TICK_MS) for finding in engine.tick(NOW_MS + at)]
    assert [(one.key, one.state, one.window_seconds) for one in quick] == [({"subject": "quick"}, State.NO_DATA, 10.0)]
    engine.observe([beat(20_000, 20, "quick")], NOW_MS + 20_000)
    later = [(at, one.key["subject"]) for at in range(20_000, 200_000, TICK_MS) for one in engine.tick(NOW_MS + at)]
    assert later == [(60_000, "quick"), (120_000, "slow")]


@pytest.mark.parametrize("named", [0.0, -5.0, float("nan"), float("inf"), 1e300])
def test_what_names_nothing_usable_is_silent_after_the_rules_own_time(start: Start, named: float) -> None:
    engine = start(PAGING)
    engine.observe([beat(0, named)], NOW_MS)
    assert silent_after_ms(engine, 0, 100_000) == [30_000]


def test_nobody_is_let_go_silent_for_longer_than_two_days(start: Start) -> None:
    engine = start(PAGING)
    engine.observe([beat(0, 10_000_000)], NOW_MS)
    assert engine.tick(NOW_MS + 2 * 86_400_000 - 1) == []
    assert len(engine.tick(NOW_MS + 2 * 86_400_000)) == 1


def test_what_was_named_survives_a_restart(start: Start, compiled: Compile) -> None:
    first, second = start(PAGING), Engine(compiled(PAGING))
    first.observe([beat(0, 60)], NOW_MS)
    second.restore(first.snapshot())
    assert silent_after_ms(second, 0, 200_000) == [120_000]


def test_an_expectation_that_is_no_number_is_refused(compiled: Compile) -> None:
    with pytest.raises(ConfigurationError, match="needs a number"):
        compiled(beats("{absent: 30s, expected: subject}"))


def test_the_time_to_breach_is_twice_the_interval_in_which_facts_come(compiled: Compile) -> None:
    (one,) = compiled(PAGING)
    assert times_to_breach(one, 0.1)[-1].steady_seconds == 20
