"""The engine against a naive recount: same counts, same findings, whatever the order and the batches."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.engine import Engine
from checks.facts import PaymentAttempted
from checks.findings import State
from checks.measures.windowed.shared_window import SharedWindow
from checks.measures.windowed.watching import Windowed
from tests.unit.checks.conftest import Compile
from tests.unit.checks.rule_text import rule, rules

START_MS = 1_000_000
WINDOW_PANES, PANE_MS = 10, 1_000
LIMIT, MINIMUM = Fraction(20, 100), 3
TEXT = rules(
    rule("{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}", identity="failing", breach="> 20%"),
    rule("{ratio: \"outcome != 'failed'\", window: 10s, min_samples: 3}", identity="working", breach="< 80%"),
    rule("{count: \"outcome == 'declined'\", window: 10s}", identity="declining", breach=">= 2", clear="< 1"),
)
Batches = Sequence[Sequence[PaymentAttempted]]

payments = st.builds(
    PaymentAttempted,
    id=st.uuids().map(str),
    at_ms=st.integers(START_MS - 15_000, START_MS + 15_000),
    subject=st.just("p"),
    environment=st.sampled_from(["blue", "green"]),
    rail=st.just("card"),
    outcome=st.sampled_from(["succeeded", "succeeded", "succeeded", "declined", "failed"]),
    amount_cents=st.just(100),
)
batches = st.lists(st.lists(payments, max_size=12).map(lambda facts: facts + facts[:1]), max_size=8)


class Recount:
    """Keeps every fact and counts all of them again whenever asked."""

    def __init__(self) -> None:
        self.newest = -(10**9)
        self.kept: list[PaymentAttempted] = []
        self.late = 0
        self.breached: set[str] = set()
        self.findings: list[tuple[State, str, str]] = []

    def take(self, batch: Sequence[PaymentAttempted]) -> None:
        for fact in sorted(batch, key=lambda fact: fact.at_ms):
            pane = fact.at_ms // PANE_MS
            if pane <= self.newest - WINDOW_PANES:
                self.late += 1
                continue
            if pane > self.newest:
                self.newest = pane
                self.judge("blue", "")
                self.judge("green", "")
            self.kept.append(fact)
            self.judge(fact.environment, fact.id)

    def counts(self, environment: str, outcome: str) -> tuple[int, int]:
        live = [
            fact
            for fact in self.kept
            if fact.environment == environment and fact.at_ms // PANE_MS > self.newest - WINDOW_PANES
        ]
        return sum(fact.outcome == outcome for fact in live), len(live)

    def judge(self, environment: str, fact_id: str) -> None:
        failed, total = self.counts(environment, "failed")
        if total < MINIMUM:
            return
        breaching = Fraction(failed, total) > LIMIT
        if breaching and environment not in self.breached:
            self.breached.add(environment)
            self.findings.append((State.BREACHED, environment, fact_id))
        elif not breaching and environment in self.breached:
            self.breached.discard(environment)
            self.findings.append((State.CLEARED, environment, fact_id))


def window_of(engine: Engine) -> SharedWindow:
    (windowed,) = (watcher for watcher in engine._watchers if isinstance(watcher, Windowed))
    return windowed._window


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_windows_equal_a_recount_with_late_duplicate_and_disordered_facts(compiled: Compile, given: Batches) -> None:
    engine, recount = Engine(compiled(TEXT)), Recount()
    for batch in given:
        engine.observe(batch, START_MS + 20_000)
        recount.take(batch)
        readings = {(reading.rule_id, reading.key["environment"]): reading for reading in engine.current()}
        for environment in ("blue", "green"):
            failed, total = recount.counts(environment, "failed")
            reading = readings.get(("failing", environment))
            assert (0 if reading is None else reading.samples) == total
            if reading is not None and total >= MINIMUM:
                assert reading.value == failed / total
                working = readings["working", environment].value
                assert working == (total - failed) / total
            declining = readings.get(("declining", environment))
            assert (0 if declining is None else declining.value) == recount.counts(environment, "declined")[0]
        assert window_of(engine).late == recount.late


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_the_fact_that_tips_a_rule_is_the_one_a_recount_names(compiled: Compile, given: Batches) -> None:
    engine, recount = Engine(compiled(TEXT)), Recount()
    found = []
    for batch in given:
        found.extend(engine.observe(batch, START_MS + 20_000))
        recount.take(batch)
    for rule_id in ("failing", "working"):
        named = [(one.state, one.key["environment"], one.fact_id) for one in found if one.rule_id == rule_id]
        assert sorted(named) == sorted(recount.findings)


HELD = rules(
    rule("{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}", breach="> 20%", clear="< 15% for 3s"),
    rule(
        "{ratio: \"outcome != 'failed'\", window: 10s, min_samples: 3}",
        identity="other",
        breach="< 80%",
        clear="> 85% for 3s",
    ),
    rule(
        "{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}",
        identity="patient",
        breach="> 20%",
        clear="< 15%",
        more="for: 2s",
    ),
    rule(
        "{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}",
        identity="stubborn",
        breach="> 20%",
        more="keep_firing_for: 4s",
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(payments, max_size=40).map(lambda facts: sorted(facts, key=lambda fact: fact.at_ms)), st.integers(2, 40)
)
def test_how_facts_are_cut_into_batches_changes_no_finding(
    compiled: Compile, facts: Sequence[PaymentAttempted], size: int
) -> None:
    singly, batched = Engine(compiled(HELD)), Engine(compiled(HELD))
    one_by_one = [finding for fact in facts for finding in singly.observe([fact], START_MS + 20_000)]
    by_batch = [
        finding
        for first in range(0, len(facts), size)
        for finding in batched.observe(facts[first : first + size], START_MS + 20_000)
    ]
    assert sorted(map(str, by_batch)) == sorted(map(str, one_by_one))
    assert batched.current() == singly.current()
    assert batched.breached() == singly.breached()


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_panes_that_left_the_window_leave_nothing_behind(compiled: Compile, given: Batches) -> None:
    engine = Engine(compiled(TEXT))
    for batch in given:
        engine.observe(batch, START_MS + 20_000)
    engine.tick(START_MS + 60_000)
    window = window_of(engine)
    assert not window.all_facts.totals()
    assert not any(track.totals for track in window.tracks)
    assert not window.all_facts.panes
