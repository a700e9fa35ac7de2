"""Sums, rates, different values and anomalies against a naive recount of everything that was given."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.engine import Engine
from checks.facts import Deployment, PaymentAttempted
from checks.findings import Finding, State
from checks.windows.own_past import deviations_above
from tests.unit.checks.conftest import Compile, Start
from tests.unit.checks.rule_text import rule, rules

START_MS = 1_000_000
LATER_MS = START_MS + 20_000
PANE_MS, PANES = 1_000, 10
TEXT = rules(
    rule("{sum: amount_cents, window: 10s}", identity="sum", breach="> 500", clear="< 300"),
    rule("{sum: latency_ms / 3, window: 10s, min_samples: 3}", identity="thirds", breach="< 20"),
    rule("{rate: \"outcome == 'failed'\", window: 10s}", identity="rate", breach=">= 0.3", clear="< 0.2"),
    rule("{distinct: customer_id, window: 10s}", identity="distinct", breach=">= 3", clear="< 2"),
    rule("{anomaly: amount_cents, min_samples: 3}", identity="anomaly", breach="> 2"),
)

payments = st.builds(
    PaymentAttempted,
    id=st.uuids().map(str),
    at_ms=st.integers(START_MS - 15_000, START_MS + 15_000),
    subject=st.just("p"),
    environment=st.sampled_from(["blue", "green"]),
    rail=st.just("card"),
    outcome=st.sampled_from(["succeeded", "failed"]),
    amount_cents=st.integers(-50, 200),
    latency_ms=st.floats(0, 40, allow_nan=False),
    customer_id=st.sampled_from(["", "a", "b", "c", "d"]),
)
batches = st.lists(st.lists(payments, max_size=12).map(lambda facts: facts + facts[:1]), max_size=8)
Batches = Sequence[Sequence[PaymentAttempted]]


class Recount:
    """Keeps every fact that was in time and computes each measure from all of them, whenever it is asked."""

    def __init__(self) -> None:
        self.newest = -(10**9)
        self.kept: list[PaymentAttempted] = []
        self.in_order: dict[str, list[PaymentAttempted]] = defaultdict(list)

    def take(self, fact: PaymentAttempted) -> None:
        pane = fact.at_ms // PANE_MS
        if pane > self.newest - PANES:
            self.newest = max(self.newest, pane)
            self.kept.append(fact)
        past = self.in_order[fact.environment]
        if not past or fact.at_ms >= max(one.at_ms for one in past):
            past.append(fact)

    def live(self, environment: str) -> list[PaymentAttempted]:
        return [
            fact
            for fact in self.kept
            if fact.environment == environment and fact.at_ms // PANE_MS > self.newest - PANES
        ]

    def values(self, environment: str) -> dict[str, float | None]:
        live, past = self.live(environment), [float(fact.amount_cents) for fact in self.in_order[environment]]
        before = tuple(past[-25:-1])
        thirds = sum(round(fact.latency_ms / 3 * 1_000_000) for fact in live)
        return {
            "sum": float(sum(fact.amount_cents for fact in live)) if live else None,
            "thirds": thirds / 1_000_000 if len(live) >= 3 else None,
            "rate": sum(fact.outcome == "failed" for fact in live) / 10,
            "distinct": float(len({fact.customer_id for fact in live} - {""})),
            "anomaly": deviations_above(before, past[-1]) if len(before) >= 3 else None,
        }


def in_order(given: Batches) -> Iterator[PaymentAttempted]:
    for batch in given:
        yield from sorted(batch, key=lambda fact: fact.at_ms)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_every_measure_equals_a_recount_with_late_duplicate_and_disordered_facts(
    compiled: Compile, given: Batches
) -> None:
    engine, recount = Engine(compiled(TEXT)), Recount()
    for batch in given:
        engine.observe(batch, LATER_MS)
        for fact in sorted(batch, key=lambda fact: fact.at_ms):
            recount.take(fact)
        readings = {(one.rule_id, one.key["environment"]): one.value for one in engine.current()}
        for environment in ("blue", "green"):
            for rule_id, value in recount.values(environment).items():
                if (rule_id, environment) in readings:
                    assert readings[rule_id, environment] == value
                else:
                    assert not value


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_the_fact_that_tips_a_sum_is_the_one_a_recount_names(compiled: Compile, given: Batches) -> None:
    engine, recount = Engine(compiled(TEXT)), Recount()
    found = [one for batch in given for one in engine.observe(batch, LATER_MS) if one.rule_id == "sum"]
    breached: dict[str, bool] = defaultdict(bool)
    expected: list[tuple[State, str, str]] = []

    def judge(environment: str, fact_id: str) -> None:
        live = recount.live(environment)
        total = sum(fact.amount_cents for fact in live)
        if live and not breached[environment] and total > 500:
            breached[environment] = True
            expected.append((State.BREACHED, environment, fact_id))
        elif live and breached[environment] and total < 300:
            breached[environment] = False
            expected.append((State.CLEARED, environment, fact_id))

    for fact in in_order(given):
        if fact.at_ms // PANE_MS > recount.newest:
            recount.newest = fact.at_ms // PANE_MS
            judge("blue", "")
            judge("green", "")
        before = len(recount.kept)
        recount.take(fact)
        if len(recount.kept) > before:
            judge(fact.environment, fact.id)
    assert sorted((one.state, one.key["environment"], one.fact_id) for one in found) == sorted(expected)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches, batches)
def test_an_engine_that_was_kept_and_taken_back_goes_on_as_if_nothing_had_been(
    compiled: Compile, given: Batches, then: Batches
) -> None:
    engine = Engine(compiled(TEXT))
    for batch in given:
        engine.observe(batch, LATER_MS)
    other = Engine(compiled(TEXT))
    other.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(engine.snapshot()), type=type(engine.snapshot())))
    for batch in then:
        assert other.observe(batch, LATER_MS) == engine.observe(batch, LATER_MS)
        assert other.tick(LATER_MS + 5_000) == engine.tick(LATER_MS + 5_000)
    key = lambda one: (one.rule_id, json.dumps(one.key))  # noqa: E731  # order of keys is no promise
    assert sorted(other.current(), key=key) == sorted(engine.current(), key=key)


def payment(number: int, at_ms: int, **changes: object) -> PaymentAttempted:
    fact = PaymentAttempted(
        id=f"p{number}",
        at_ms=at_ms,
        subject="p",
        environment="green",
        rail="card",
        outcome="succeeded",
        amount_cents=100,
    )
    return msgspec.structs.replace(fact, **changes)


def told(findings: Sequence[Finding]) -> list[tuple[State, str]]:
    return [(one.state, one.fact_id) for one in findings]


def test_a_sum_of_whole_cents_is_exact_however_large_it_grows(start: Start) -> None:
    engine = start(rules(rule("{sum: amount_cents, window: 10s}", breach="> 999999999999999")))
    facts = [payment(number, START_MS, amount_cents=333_333_333_333_333) for number in range(3)]
    assert engine.observe(facts, START_MS) == []
    assert told(engine.observe([payment(3, START_MS, amount_cents=1)], START_MS)) == [(State.BREACHED, "p3")]


def test_values_that_nobody_brings_again_leave_the_window_and_end_the_breach(start: Start) -> None:
    engine = start(rules(rule("{distinct: customer_id, window: 10s}", breach=">= 3")))
    facts = [payment(number, START_MS + number, customer_id=f"c{number}") for number in range(4)]
    assert told(engine.observe(facts, START_MS)) == [(State.BREACHED, "p2")]
    assert [one.state for one in engine.tick(START_MS + 10_000)] == [State.CLEARED]


def test_the_number_that_stands_out_from_its_keys_own_past_is_named(start: Start) -> None:
    engine = start(rules(rule("{anomaly: amount_cents, min_samples: 8}", breach="> 4")))
    facts = [payment(number, START_MS + number, amount_cents=100 + number % 3) for number in range(12)]
    assert engine.observe(facts, START_MS) == []
    (finding,) = engine.observe([payment(99, START_MS + 50, amount_cents=900)], START_MS)
    assert (finding.fact_id, finding.samples) == ("p99", 12)
    assert finding.value is not None
    assert finding.value > 4
    assert told(engine.observe([payment(100, START_MS + 60)], START_MS)) == [(State.CLEARED, "p100")]


def test_more_keys_than_are_allowed_are_refused_and_counted(start: Start) -> None:
    kinds = (
        "{sum: amount_cents, window: 10s}",
        "{distinct: customer_id, window: 10s}",
        "{sequential: \"outcome == 'failed'\", healthy: 5%, faulty: 40%, false_alarms: 1 per 1 million facts}",
    )
    for measure in kinds:
        own = "sequential" in measure
        engine = start(rules(rule(measure, per="[provider_id]", breach="" if own else "> 100000", max_keys=3)))
        facts = [payment(number, START_MS, provider_id=f"v{number}", customer_id="c") for number in range(5)]
        engine.observe(facts, START_MS)
        assert engine.evicted_keys == 2
        assert len(engine.current()) == 3


def test_a_release_begins_with_empty_sums(start: Start) -> None:
    engine = start(rules(rule("{sum: amount_cents, window: 10s}", breach="> 1000")))
    engine.observe([payment(number, START_MS) for number in range(5)], START_MS)
    (watcher,) = engine._windows
    watcher.begin_anew(Deployment(id="d1", at_ms=START_MS + 1, subject="d1", environment="green", status="started"), [])
    assert engine.current() == []
    engine.observe([payment(9, START_MS), payment(10, START_MS + 2)], START_MS)
    assert [one.value for one in engine.current()] == [100.0]


def test_a_division_by_zero_adds_nothing_to_a_sum(start: Start) -> None:
    engine = start(rules(rule("{sum: 1 / amount_cents, window: 10s}", breach="> 1")))
    engine.observe([payment(1, START_MS, amount_cents=0), payment(2, START_MS, amount_cents=4)], START_MS)
    (reading,) = engine.current()
    assert (reading.value, reading.samples) == (0.25, 1)


def test_a_rate_is_held_against_its_limit_without_dividing(start: Start) -> None:
    engine = start(rules(rule('{rate: "true", window: 7s}', breach="> 0.428571428")))
    found = engine.observe([payment(number, START_MS) for number in range(5)], START_MS)
    assert told(found) == [(State.BREACHED, "p2")]
    assert Fraction(3, 7) > Fraction("0.428571428")
