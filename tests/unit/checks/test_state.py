"""An engine that took back its state goes on as if it had never stopped."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks import state as states
from checks.engine import Engine
from checks.facts import PaymentAttempted
from checks.state import EngineState, StateUnfit
from config.rules.rule_file import MEASURES
from tests.unit.checks.conftest import Compile, Start
from tests.unit.checks.histories import RULES, START_MS, History, histories, live, told
from tests.unit.checks.rule_text import rule, rules


def kept(engine: Engine) -> EngineState:
    """The state as it comes back from a disk."""
    return states.decode(states.encode(engine.snapshot()))


def failures(count: int, at_ms: int = START_MS, *, start: int = 0) -> list[PaymentAttempted]:
    return [
        PaymentAttempted(
            id=f"f{number}",
            at_ms=at_ms,
            subject="p",
            environment="green",
            rail="card",
            outcome="failed",
            amount_cents=1,
        )
        for number in range(start, start + count)
    ]


def test_the_histories_are_about_every_measure(compiled: Compile) -> None:
    watched = {name for one in compiled(RULES) for name in MEASURES if hasattr(one.rule.measure, name)}
    assert watched == set(MEASURES)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), cut=st.integers(0, 30))
def test_after_any_history_a_restored_engine_says_and_announces_the_same(
    compiled: Compile, history: History, cut: int
) -> None:
    steady, stopped = Engine(compiled(RULES)), Engine(compiled(RULES))
    live(steady, history[:cut])
    live(stopped, history[:cut])
    restored = Engine(compiled(RULES))
    restored.restore(kept(stopped))
    assert told(restored) == told(steady)
    announced, expected = live(restored, history[cut:]), live(steady, history[cut:])
    assert sorted(map(str, announced)) == sorted(map(str, expected))
    assert told(restored) == told(steady)
    assert restored.observed_facts == steady.observed_facts


def test_taking_a_snapshot_changes_nothing_and_later_facts_do_not_change_the_snapshot(start: Start) -> None:
    engine = start(rules(rule("{count: 'true', window: 60s}", breach="> 100")))
    engine.observe(failures(3), START_MS)
    before = engine.snapshot()
    encoded = states.encode(before)
    assert states.encode(engine.snapshot()) == encoded
    engine.observe(failures(3, start=3), START_MS)
    assert states.encode(before) == encoded != states.encode(engine.snapshot())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda blob: blob[:-9], "truncated"),
        (lambda _: b"\xc1", "malformed"),
        (lambda _: msgspec.msgpack.encode({"version": states.VERSION + 1}), "version 2"),
        (lambda _: msgspec.msgpack.encode({"version": states.VERSION}), "observed_facts"),
    ],
)
def test_state_of_another_version_or_shape_is_refused_with_its_reason(
    start: Start, damage: Callable[[bytes], bytes], says: str
) -> None:
    blob = states.encode(start(RULES).snapshot())
    with pytest.raises(StateUnfit, match=says):
        states.decode(damage(blob))


def test_state_without_a_part_for_every_window_is_refused(start: Start) -> None:
    narrow = rules(rule("{count: \"outcome == 'failed'\", window: 60s}", breach="> 100"))
    wider = narrow + rule("{count: \"outcome == 'declined'\", window: 60s}", identity="two", breach="> 100")
    state = kept(start(narrow))
    with pytest.raises(StateUnfit, match="no part about"):
        start(wider).restore(state)


def test_a_part_that_does_not_decode_is_refused_by_name(start: Start) -> None:
    state = start(rules(rule("{absent: 5s}"))).snapshot()
    (part,) = state.parts
    broken = msgspec.structs.replace(state, parts=(msgspec.structs.replace(part, body=b"\x90"),))
    with pytest.raises(StateUnfit, match="absent"):
        start(rules(rule("{absent: 5s}"))).restore(broken)


def test_another_limit_keeps_the_counts_and_what_was_announced(start: Start) -> None:
    measure = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 3}"
    engine = start(rules(rule(measure, breach="> 20%", clear="< 10% for 5s")))
    engine.observe(failures(5), START_MS)
    stricter = start(rules(rule(measure, breach="> 10%", clear="< 5% for 9s")))
    stricter.restore(kept(engine))
    (reading,) = stricter.current()
    assert (reading.state, reading.value, reading.samples, reading.since_ms) == ("breached", 1.0, 5, START_MS)
    assert stricter.observe(failures(1, start=9), START_MS) == []


def test_after_an_outage_a_silence_that_began_with_it_is_none_also_for_an_engine_that_took_over(start: Start) -> None:
    text = rules(rule("{count: 'true', window: 10s, min_samples: 1}", breach="> 9", more="no_data: page"))
    engine = start(text)
    engine.observe(failures(3), START_MS)
    engine.tick(START_MS + 1_000)
    engine.resume(START_MS + 60_000)
    after = start(text)
    after.restore(kept(engine))
    assert after.tick(START_MS + 69_000) == []
    assert [one.state for one in after.tick(START_MS + 70_000)] == ["no_data"]


def test_words_that_decide_nothing_change_nothing(start: Start) -> None:
    measure = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 3}"
    engine = start(rules(rule(measure, breach="> 20%", severity="medium")))
    engine.observe(failures(5), START_MS)
    renamed = start(rules(rule(measure, breach="> 20%", severity="high", do="[page]")))
    renamed.restore(kept(engine))
    (finding,) = renamed.breached()
    assert (finding.severity, finding.do, finding.fact_id) == ("high", ("page",), "f2")
