"""The stated time to breach is when an engine really breaches, for every measure that shares of bad facts decide."""

from collections.abc import Iterator

import pytest

from checks.engine import Engine
from checks.explaining.time_to_breach import times_to_breach
from checks.facts import Fact, PaymentAttempted
from tests.unit.checks.conftest import Compile
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_767_225_600_000
RATE = 20


def facts(bad_share: float, begin_ms: int, seconds: int) -> Iterator[Fact]:
    """Evenly spaced; a bad one fails, is slow and has a customer of its own."""
    behind = 0.0
    for number in range(seconds * RATE):
        behind += bad_share
        bad = behind >= 1 - 1e-9
        behind -= bad
        yield PaymentAttempted(
            id=f"{begin_ms}-{number}",
            at_ms=begin_ms + (number + 1) * 1000 // RATE,
            subject="s",
            environment="green",
            rail="card",
            outcome="failed" if bad else "succeeded",
            amount_cents=1,
            latency_ms=9_000 if bad else 100 + number % 7,
            customer_id=f"{begin_ms}-{number}" if bad else "",
        )


def seconds_to_breach(engine: Engine, history: Iterator[Fact], begin_ms: int) -> float | None:
    for fact in history:
        found = engine.observe([fact], fact.at_ms) + engine.tick(fact.at_ms)
        if any(one.state == "breached" for one in found):
            return (fact.at_ms - begin_ms) / 1000
    return None


MEASURES = {
    "count": ("{count: \"outcome == 'failed'\", window: 60s}", ">= 20", ""),
    "count-with-samples": ("{count: \"outcome == 'failed'\", window: 60s, min_samples: 100}", "> 2", ""),
    "rate": ("{rate: \"outcome == 'failed'\", window: 30s}", "> 0.5", ""),
    "distinct": ("{distinct: customer_id, window: 60s}", ">= 15", ""),
    "value": ("{value: latency_ms, stale_after: 60s}", "> 5000", ""),
    "anomaly": ("{anomaly: latency_ms, min_samples: 8}", "> 6", ""),
    "ratio": ("{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}", "> 4%", ""),
    "quantile": ("{quantile: latency_ms, q: 0.9, window: 60s, min_samples: 50}", "> 5s", ""),
}


@pytest.mark.parametrize("name", MEASURES)
def test_after_a_minute_of_good_facts_a_fault_is_seen_when_it_is_said(compiled: Compile, name: str) -> None:
    measure, breach, more = MEASURES[name]
    (one,) = compiled(rules(rule(measure, breach=breach, more=more)))
    for time in times_to_breach(one, RATE):
        engine = Engine([one])
        for fact in facts(0, NOW_MS, 70):
            engine.observe([fact], fact.at_ms)
        began_ms = NOW_MS + 70_000
        seen = seconds_to_breach(engine, facts(time.bad_share, began_ms, 90), began_ms)
        assert (seen is None) is (time.steady_seconds is None), time
        if seen is not None and time.steady_seconds is not None:
            # A pane of the window is a second long, and two facts are 50 ms apart.
            assert seen == pytest.approx(time.steady_seconds, abs=1.1), time


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in {"anomaly", "value"}])
def test_of_a_fresh_key_a_fault_is_seen_when_it_is_said(compiled: Compile, name: str) -> None:
    measure, breach, more = MEASURES[name]
    (one,) = compiled(rules(rule(measure, breach=breach, more=more)))
    for time in times_to_breach(one, RATE):
        seen = seconds_to_breach(Engine([one]), facts(time.bad_share, NOW_MS, 90), NOW_MS)
        assert (seen is None) is (time.fresh_seconds is None), time
        if seen is not None and time.fresh_seconds is not None:
            assert seen == pytest.approx(time.fresh_seconds, abs=1.1), time


def test_a_silence_is_seen_after_the_measures_own_time_and_less_than_a_silence_never(compiled: Compile) -> None:
    (one,) = compiled(rules(rule("{absent: 30s}", per="[]")))
    assert [time.steady_seconds for time in times_to_breach(one, 40)] == [None, None, None, 30]


@pytest.mark.parametrize(
    ("measure", "breach"),
    [
        ("{sum: amount_cents, window: 60s}", "> 100"),
        ('{count: "true", window: 60s}', "> 100"),
        ("{rate: \"outcome == 'succeeded'\", window: 60s}", "< 1"),
    ],
)
def test_nothing_is_said_where_no_share_decides(compiled: Compile, measure: str, breach: str) -> None:
    (one,) = compiled(rules(rule(measure, breach=breach)))
    assert times_to_breach(one, 40) == ()
