"""Other rules over the state of an engine: what is watched unchanged goes on, what is new begins for itself."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks import state as states
from checks.continuation import continued, joined
from checks.engine import Engine
from checks.facts import PaymentAttempted
from tests.unit.checks.conftest import Compile
from tests.unit.checks.histories import RULES, START_MS, History, histories, live, told
from tests.unit.checks.rule_text import rule, rules

FAILED = rule("{ratio: \"outcome == 'failed'\", window: 60s}", identity="failed", breach="> 20%")
DECLINED = rule("{ratio: \"outcome == 'declined'\", window: 60s}", identity="declined", breach="> 20%")
OTHERS = RULES + rule("{count: \"outcome == 'failed'\", window: 10s}", identity="new", per="[rail]", breach="> 1")


def payments(outcome: str, count: int, start: int = 0, at_ms: int = START_MS) -> list[PaymentAttempted]:
    return [
        PaymentAttempted(
            id=f"{outcome}{number}",
            at_ms=at_ms,
            subject="p",
            environment="green",
            rail="card",
            outcome=outcome,  # type: ignore[arg-type]  # the tests write plain words
            amount_cents=1,
        )
        for number in range(start, start + count)
    ]


def samples(engine: Engine) -> dict[str, tuple[int, float | None]]:
    return {reading.rule_id: (reading.samples, reading.value) for reading in engine.current()}


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), cut=st.integers(0, 30))
def test_a_new_rule_disturbs_no_other_and_equals_one_that_was_always_there_once_it_has_seen_the_facts(
    compiled: Compile, history: History, cut: int
) -> None:
    steady, before = Engine(compiled(OTHERS)), Engine(compiled(RULES))
    live(steady, history[:cut])
    live(before, history[:cut])
    way = continued(compiled(OTHERS), before.snapshot())
    assert [one.rule.id for one in way.fresh] == ["new"]
    catching_up = Engine(way.fresh)
    live(catching_up, history[:cut])
    after = continued(compiled(OTHERS), joined(way.engine.snapshot(), catching_up.snapshot()))
    assert after.fresh == ()
    live(steady, history[cut:])
    live(after.engine, history[cut:])
    assert told(after.engine) == told(steady)


def test_without_state_every_rule_is_fresh(compiled: Compile) -> None:
    assert len(continued(compiled(RULES), Engine(()).snapshot()).fresh) == len(compiled(RULES))


def test_a_rule_that_counts_something_new_over_old_facts_is_not_judged_by_their_total(compiled: Compile) -> None:
    before = Engine(compiled(rules(FAILED)))
    before.observe(payments("succeeded", 10), START_MS)
    way = continued(compiled(rules(FAILED, DECLINED)), before.snapshot())
    fresh = Engine(way.fresh)
    after = continued(compiled(rules(FAILED, DECLINED)), joined(way.engine.snapshot(), fresh.snapshot())).engine
    after.observe(payments("declined", 5), START_MS)
    assert samples(after) == {"failed": (15, 0.0), "declined": (5, 1.0)}
    again = continued(compiled(rules(FAILED, DECLINED)), states.decode(states.encode(after.snapshot())))
    assert again.fresh == ()
    assert samples(again.engine) == {"failed": (15, 0.0), "declined": (5, 1.0)}


def test_windows_that_have_come_to_hold_the_same_facts_become_one(compiled: Compile) -> None:
    before, late = Engine(compiled(rules(FAILED))), Engine(compiled(rules(DECLINED)))
    for engine in (before, late):
        engine.observe([*payments("succeeded", 8), *payments("declined", 2)], START_MS)
    state = joined(before.snapshot(), late.snapshot())
    assert len(state.parts) == 1
    after = continued(compiled(rules(FAILED, DECLINED)), state)
    assert samples(after.engine) == {"failed": (10, 0.0), "declined": (10, 0.2)}
    assert len(after.engine.watched) == 1


def test_a_rule_that_is_gone_leaves_nothing_behind(compiled: Compile) -> None:
    before = Engine(compiled(rules(FAILED, DECLINED)))
    before.observe(payments("declined", 5), START_MS)
    after = continued(compiled(rules(FAILED)), before.snapshot())
    assert samples(after.engine) == {"failed": (5, 0.0)}
    ((_, counted),) = after.engine.watched
    assert len(counted) == 1


def test_two_rules_about_the_same_silence_keep_their_own_episodes(compiled: Compile) -> None:
    both = compiled(rules(rule("{absent: 5s}", identity="soon"), rule("{absent: 50s}", identity="late")))
    before = Engine(both)
    before.observe(payments("succeeded", 1), START_MS)
    before.tick(START_MS + 6_000)
    after = continued(both, before.snapshot()).engine
    assert [finding.rule_id for finding in after.breached()] == ["soon"]
