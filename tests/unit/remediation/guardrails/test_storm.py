"""When automation stops itself, and when it goes on."""

import pytest
from msgspec.structs import replace

from config.guardrails import Storm
from config.policy import Policy
from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.folds import apply
from remediation.guardrails.state import StopState, StormState
from remediation.guardrails.storm import STORM_RULE, judge, turmoil
from remediation.journal.entry import GENESIS_HASH, seal
from remediation.journal.guardrail_kinds import AutomationResumed, AutomationStopped, StormBegan, StormEnded
from remediation.journal.kinds import Body, draft
from remediation.state import ActionState, Incident, IncidentState, State
from tests.unit.remediation.worlds import NOW_MS, decided, finding, release, scene

STORM = Storm(within=900.0, actions=3, incidents=4, reversals=2, calm=600.0)


def acted(number: int, ago_ms: int = 0, **changes: object) -> ActionState:
    one = ActionState(
        decision_id=f"dec-{number}",
        sequence=number,
        action="evacuate.region",
        target=f"scale:us-east-1/{number}",
        key="",
        arguments={},
        cause_at_ms=NOW_MS - ago_ms,
        decided_at_ms=NOW_MS - ago_ms,
        intent_sequence=number,
        intended_at_ms=NOW_MS - ago_ms,
        status=OutcomeStatus.VERIFIED,
    )
    return replace(one, **changes)


def incident(number: int, ago_ms: int = 0, **changes: object) -> Incident:
    one = Incident(
        id=f"inc-{number}",
        fingerprint=f"f-{number}",
        rule_id=f"rule-{number}",
        subject="all",
        severity=1,
        runbook="",
        state=IncidentState.OPEN,
        opened_at_ms=NOW_MS - ago_ms,
    )
    return replace(one, **changes)


def state_of(*, actions: tuple[ActionState, ...] = (), incidents: tuple[Incident, ...] = ()) -> State:
    return State(
        actions={one.decision_id: one for one in actions},
        incidents={one.id: one for one in incidents},
    )


def began(state: State, now_ms: int = NOW_MS) -> StormBegan | None:
    said = judge(state, STORM, now_ms)
    assert not isinstance(said, StormEnded)
    return said


@pytest.mark.parametrize(
    ("name", "state", "storms"),
    [
        ("too many different actions", state_of(actions=tuple(acted(n) for n in range(1, 4))), True),
        ("one less", state_of(actions=tuple(acted(n) for n in range(1, 3))), False),
        ("the same action again", state_of(actions=tuple(acted(n, target="scale:x") for n in range(1, 9))), False),
        ("some of them long ago", state_of(actions=(acted(1), acted(2), acted(3, ago_ms=900_000))), False),
        ("the oldest just within the time", state_of(actions=(acted(1), acted(2), acted(3, ago_ms=899_999))), True),
        (
            "an attack, one entry for each card",
            state_of(actions=tuple(acted(n, action="block.fingerprint") for n in range(1, 60))),
            False,
        ),
        ("actions without an intent", state_of(actions=tuple(acted(n, intended_at_ms=0) for n in range(1, 9))), False),
        ("too many rules with incidents", state_of(incidents=tuple(incident(n) for n in range(4))), True),
        (
            "one rule with many incidents",
            state_of(incidents=tuple(incident(n, rule_id="card-testing") for n in range(50))),
            False,
        ),
        ("incidents of long ago", state_of(incidents=tuple(incident(n, ago_ms=900_000) for n in range(9))), False),
        (
            "its own incident",
            state_of(incidents=(*(incident(n) for n in range(3)), incident(9, rule_id=STORM_RULE))),
            False,
        ),
        (
            "back and forth and back",
            state_of(
                actions=(
                    acted(1, ago_ms=30, target="scale:x"),
                    acted(2, ago_ms=20, target="scale:x", action="rollback.traffic"),
                    acted(3, ago_ms=10, target="scale:x"),
                )
            ),
            True,
        ),
        (
            "two that a person took back",
            state_of(actions=(acted(1, action="undo", undoes="dec-7"), acted(2, action="undo", undoes="dec-8"))),
            True,
        ),
    ],
)
def test_it_is_a_storm(name: str, state: State, storms: bool) -> None:
    said = began(state)
    assert (said is not None) is storms, name
    if said is not None:
        assert "storm" in said.why


def test_what_happened_before_a_storm_ended_makes_no_other() -> None:
    state = state_of(actions=tuple(acted(n, ago_ms=5_000) for n in range(1, 4)))
    over = StormState(why="", began_at_ms=NOW_MS - 9_000, ended_at_ms=NOW_MS - 1_000)
    assert began(replace(state, storm=over)) is None
    assert began(replace(state, storm=replace(over, ended_at_ms=NOW_MS - 5_001))) is not None


@pytest.mark.parametrize(
    ("later_ms", "newest_ago_ms", "ends"), [(599_999, 0, False), (600_000, 0, True), (900_000, 599_999, False)]
)
def test_it_ends_when_it_was_calm_for_long_enough(later_ms: int, newest_ago_ms: int, ends: bool) -> None:
    now_ms = NOW_MS + later_ms
    state = replace(State(), storm=StormState(why="", began_at_ms=NOW_MS))
    if newest_ago_ms:
        state = replace(state, incidents={"inc-1": incident(1, opened_at_ms=now_ms - newest_ago_ms)})
    assert isinstance(judge(state, STORM, now_ms), StormEnded) is ends


def test_what_happens_while_it_lasts_begins_no_second_one() -> None:
    state = state_of(actions=tuple(acted(n) for n in range(1, 9)))
    assert judge(replace(state, storm=StormState(why="", began_at_ms=NOW_MS)), STORM, NOW_MS) is None


def folded(state: State, body: Body, at_ms: int) -> State:
    return apply(state, seal(draft(body, actor="ada", at_ms=at_ms), sequence=1, epoch=1, previous_hash=GENESIS_HASH))


@pytest.mark.parametrize("end", [StormEnded(why="calm"), AutomationResumed(reason="seen")])
def test_evidence_or_a_person_ends_it(end: Body) -> None:
    state = folded(State(), StormBegan(why="much", actions=9, incidents=0, reversals=0), NOW_MS)
    assert state.storm is not None
    assert state.storm.lasts
    state = folded(state, end, NOW_MS + 5)
    assert state.storm is not None
    assert (state.storm.lasts, state.storm.ended_at_ms) == (False, NOW_MS + 5)


def test_a_storm_ends_once_and_none_ends_where_there_was_none() -> None:
    assert folded(State(), AutomationResumed(reason="seen"), NOW_MS).storm is None
    state = folded(State(), StormBegan(why="much", actions=9, incidents=0, reversals=0), NOW_MS)
    state = folded(folded(state, StormEnded(why="calm"), NOW_MS + 5), AutomationResumed(reason="seen"), NOW_MS + 9)
    assert state.storm is not None
    assert state.storm.ended_at_ms == NOW_MS + 5


def test_a_person_stops_automation_and_a_person_lets_it_go_on() -> None:
    state = folded(State(), AutomationStopped(reason="looking"), NOW_MS)
    assert state.stopped == StopState(by="ada", reason="looking", at_ms=NOW_MS)
    assert folded(state, AutomationResumed(reason="seen"), NOW_MS + 5).stopped is None


async def test_a_rollback_that_was_begun_is_finished_in_a_storm_and_no_other_begins() -> None:
    here = await scene()
    decision = await decided(here)
    # The process dies between intent and effect, and the storm begins before the next one is up.
    here.world.faults_before.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await here.executor.carry_out(decision)
    again = await here.restarted()
    await again.writer.append(StormBegan(why="much", actions=9, incidents=0, reversals=0))
    [outcome] = await again.executor.recover()
    assert outcome.status is OutcomeStatus.VERIFIED
    state = replace(again.writer.state, deployments={"dep-2": release(id="dep-2", sequence=99)})
    assert decide(finding(), state, Policy(), NOW_MS).reason is Reason.STORM


def test_turmoil_names_its_newest_moment() -> None:
    seen = turmoil(state_of(actions=(acted(1, ago_ms=70),), incidents=(incident(1, ago_ms=50),)), NOW_MS - 100)
    assert (seen.actions, seen.incidents, seen.reversals, seen.newest_ms) == (1, 1, 0, NOW_MS - 50)
    assert turmoil(State(), NOW_MS).newest_ms == 0
