"""When a rule fires, goes on firing, clears and falls silent: against a model that reads the whole history again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.engine import Engine
from checks.facts import CostLine, Fact, Heartbeat, PaymentAttempted
from checks.findings import Finding, State
from tests.unit.checks.conftest import Compile, Start
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_700_000_000_000
FOR_MS, HOLD_MS, KEEP_MS, STALE_MS = 2_000, 3_000, 5_000, 4_000
Policy = Literal["hold", "page", "breach", "clear"]
POLICIES: tuple[Policy, ...] = ("hold", "page", "breach", "clear")


def reading(number: int, amount: int, at_ms: int) -> Fact:
    return CostLine(id=f"c{number}", at_ms=at_ms, subject="lambda", source="measured", amount_microcents=amount)


def payment(number: int, at_ms: int, *, failed: bool = False) -> Fact:
    return PaymentAttempted(
        id=f"p{number}",
        at_ms=at_ms,
        subject=f"p{number}",
        environment="green",
        rail="card",
        outcome="failed" if failed else "succeeded",
        amount_cents=100,
    )


def text(policy: Policy) -> str:
    return rules(
        rule(
            "{value: amount_microcents, stale_after: 4s}",
            on="cost.line",
            per="[subject]",
            breach="> 10",
            clear="< 5 for 3s",
            more=f"for: 2s\n    keep_firing_for: 5s\n    no_data: {policy}",
        )
    )


@dataclass
class Model:
    """Keeps every judgement and derives each state from all of them; B breach, T between, C clear, N no data."""

    policy: Policy
    facts: list[tuple[int, int]] = field(default_factory=list)
    judged: list[tuple[int, str]] = field(default_factory=list)
    alarmed: bool = False
    announced: State | None = None
    told: list[State] = field(default_factory=list)
    moment_ms: int = 0

    def fact(self, amount: int, at_ms: int) -> None:
        if self.facts and at_ms < max(at for at, _ in self.facts):
            return
        self.facts.append((at_ms, amount))
        self.judge(at_ms)

    def judge(self, at_ms: int) -> None:
        self.moment_ms = max(self.moment_ms, at_ms)
        if not self.facts:
            return
        latest_ms, amount = self.facts[-1]
        letter = "B" if amount > 10 else "C" if amount < 5 else "T"
        if self.moment_ms - latest_ms > STALE_MS:
            letter = {"hold": "N", "page": "N", "breach": "B", "clear": "C"}[self.policy]
        self.judged.append((self.moment_ms, letter))
        if letter == "N":
            self.say(State.NO_DATA)
        elif letter == "B":
            self.alarmed = self.alarmed or self.known_breaching_ms() >= FOR_MS
            if self.alarmed:
                self.say(State.BREACHED)
        elif not self.alarmed or (letter == "C" and self.run_ms("C") >= HOLD_MS and self.run_ms("TC") >= KEEP_MS):
            self.alarmed = False
            self.say(None)

    def say(self, state: State | None) -> None:
        if state is not self.announced:
            self.told.append(State.CLEARED if state is None else state)
        self.announced = state

    def run_ms(self, letters: str) -> int:
        """How long the newest judgements have been nothing but these."""
        start = len(self.judged)
        while start and self.judged[start - 1][1] in letters:
            start -= 1
        return self.moment_ms - self.judged[start][0]

    def known_breaching_ms(self) -> int:
        """For how long it has been known to breach, without a break but for silence."""
        total, later_ms, later = 0, self.moment_ms, "B"
        for at_ms, letter in reversed(self.judged):
            if letter not in "BN":
                break
            total += (later_ms - at_ms) * (letter == later == "B")
            later_ms, later = at_ms, letter
        return total


steps = st.lists(
    st.tuples(st.integers(0, 2_500), st.sampled_from(["tick", "fact", "fact", "old"]), st.sampled_from([1, 7, 20, 20])),
    max_size=60,
)


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.sampled_from(POLICIES))
def test_every_history_is_told_as_a_model_of_the_whole_history_tells_it(
    compiled: Compile, given: Sequence[tuple[int, str, int]], policy: Policy
) -> None:
    engine, model, now_ms = Engine(compiled(text(policy))), Model(policy), NOW_MS
    found: list[Finding] = []
    for number, (wait_ms, kind, amount) in enumerate(given):
        now_ms += wait_ms
        if kind == "tick":
            found += engine.tick(now_ms)
            model.judge(now_ms)
        else:
            at_ms = now_ms - 1_500 * (kind == "old")
            found += engine.observe([reading(number, amount, at_ms)], now_ms)
            model.fact(amount, at_ms)
        assert [one.state for one in found] == model.told
        for shown in engine.current():
            assert (shown.state is State.BREACHED) == (model.announced is State.BREACHED)
        assert bool(engine.breached()) == (
            model.announced is State.BREACHED and bool(model.judged) and model.judged[-1][1] == "B"
        )


def test_a_breach_is_pending_until_it_has_held_and_the_reading_says_when_it_fires(start: Start) -> None:
    engine = start(text("hold"))
    assert engine.observe([reading(1, 20, NOW_MS)], NOW_MS) == []
    (shown,) = engine.current()
    assert (shown.state, shown.since_ms, shown.fires_at_ms) == (State.PENDING, NOW_MS, NOW_MS + FOR_MS)
    assert engine.breached() == []
    assert engine.tick(NOW_MS + FOR_MS - 1) == []
    (finding,) = engine.tick(NOW_MS + FOR_MS)
    assert (finding.state, finding.at_ms, finding.fact_id) == (State.BREACHED, NOW_MS + FOR_MS, "")
    assert engine.current()[0].fires_at_ms == 0


def test_a_pending_breach_that_does_not_hold_is_never_told(start: Start) -> None:
    engine = start(text("hold"))
    engine.observe([reading(1, 20, NOW_MS)], NOW_MS)
    assert engine.observe([reading(2, 7, NOW_MS + 1_000)], NOW_MS + 1_000) == []
    assert engine.observe([reading(3, 20, NOW_MS + 1_500)], NOW_MS + 1_500) == []
    assert engine.tick(NOW_MS + 3_000) == []
    assert [one.state for one in engine.tick(NOW_MS + 3_500)] == [State.BREACHED]


def test_the_fact_with_which_a_breach_has_held_long_enough_is_named(start: Start) -> None:
    held = rule("{ratio: \"outcome == 'failed'\", window: 10s}", breach="> 50%", more="for: 2s")
    engine = start(rules(held))
    facts = [payment(number, NOW_MS + number * 300, failed=True) for number in range(10)]
    (finding,) = engine.observe(facts, NOW_MS + 3_000)
    assert (finding.fact_id, finding.at_ms) == ("p7", NOW_MS + 2_100)


@pytest.mark.parametrize("gap", range(100))
def test_a_feed_that_stops_is_told_once_in_time_and_never_cleared_by_its_silence(start: Start, gap: int) -> None:
    interval_ms = 1_000 + 50 * gap
    twice = f"{2 * interval_ms}ms"
    engine = start(
        rules(
            rule(f"{{absent: {twice}}}", identity="gone", on="heartbeat", per="[subject]", more="no_data: page"),
            rule(
                f"{{value: interval_seconds, stale_after: {twice}}}",
                identity="stale",
                on="heartbeat",
                per="[subject]",
                breach="> 3",
                more="no_data: page",
            ),
        )
    )
    seconds = 5.0 if gap % 2 else 1.0
    beaten_ms = NOW_MS
    for beat in range(3):
        beaten_ms += interval_ms
        engine.observe([Heartbeat(id=str(beat), at_ms=beaten_ms, subject="sqs", interval_seconds=seconds)], beaten_ms)
    told = [finding for second in range(60) for finding in engine.tick(beaten_ms + 137 + second * 1_000)]
    assert {one.rule_id: one.state for one in told} == {"gone": State.NO_DATA, "stale": State.NO_DATA}
    assert len(told) == 2
    assert all(one.is_alarming and one.at_ms - beaten_ms <= 2 * interval_ms + 1_000 for one in told)


@pytest.mark.parametrize(
    "measure",
    [
        "{value: amount_cents, stale_after: 10s}",
        "{ratio: \"outcome == 'failed'\", window: 10s}",
        "{sum: amount_cents, window: 10s}",
        "{anomaly: amount_cents, min_samples: 2, stale_after: 10s}",
    ],
)
def test_what_nobody_could_hear_during_an_outage_is_silence_only_once_it_goes_on(start: Start, measure: str) -> None:
    text = rules(rule(measure, breach="> 1" if "ratio" not in measure else "> 90%", more="no_data: page"))
    engine, back = start(text.replace("amount_cents", "latency_ms")), start(text.replace("amount_cents", "latency_ms"))
    engine.observe([payment(number, NOW_MS + number) for number in range(4)], NOW_MS)
    assert engine.tick(NOW_MS + 1_000) == []
    back.restore(engine.snapshot())
    up_ms = NOW_MS + 3_600_000
    back.resume(up_ms)
    quiet = [one for second in range(10) for one in back.tick(up_ms + second * 1_000)]
    late = [one for second in range(10, 20) for one in back.tick(up_ms + second * 1_000)]
    assert quiet == []
    assert [(one.state, one.at_ms) for one in late] == [(State.NO_DATA, up_ms + 10_000)]


def test_a_window_that_runs_empty_pages_once_and_one_that_never_filled_does_not(start: Start) -> None:
    measure = "{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}"
    engine = start(rules(rule(measure, breach="> 50%", more="no_data: page")))
    engine.observe([payment(1, NOW_MS), payment(2, NOW_MS)], NOW_MS)
    quiet = [one for second in range(30) for one in engine.tick(NOW_MS + second * 1_000)]
    later_ms = NOW_MS + 60_000
    engine.observe([payment(number, later_ms) for number in range(3, 7)], later_ms)
    silent = [one for second in range(30) for one in engine.tick(later_ms + second * 1_000)]
    assert quiet == []
    assert [(one.state, one.value) for one in silent] == [(State.NO_DATA, None)]
    engine.observe([payment(number, later_ms + 60_000) for number in range(7, 10)], later_ms + 60_000)
    assert engine.current()[0].state is State.CLEARED


def test_silence_that_counts_as_a_breach_fires_after_its_time_and_ends_with_data(start: Start) -> None:
    measure = "{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}"
    engine = start(rules(rule(measure, breach="> 50%", more="for: 5s\n    no_data: breach")))
    engine.observe([payment(number, NOW_MS) for number in range(3)], NOW_MS)
    told = [one for second in range(30) for one in engine.tick(NOW_MS + second * 1_000)]
    assert [(one.state, one.at_ms, one.value) for one in told] == [(State.BREACHED, NOW_MS + 15_000, None)]
    (back,) = engine.observe([payment(number, NOW_MS + 60_000) for number in range(3, 6)], NOW_MS + 60_000)
    assert back.state is State.CLEARED
