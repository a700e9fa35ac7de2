"""Taking an automatic action back, in the same way as it was done, unless the world has moved on."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from config.policy import Policy
from remediation.actions.kill_switch import HOLDING, NORMAL, KillSwitch
from remediation.actions.reversal import Reversal
from remediation.decide import decide
from remediation.decisions import Outcome, OutcomeStatus, Reason
from remediation.journal.guardrail_kinds import AutomationStopped
from remediation.state import ActionState, State, TargetState
from remediation.undo import UndoRefusal, refused
from tests.unit.remediation.worlds import (
    NOW_MS,
    ROLLED_BACK,
    TARGET,
    DyingJournal,
    FakeWorld,
    Scene,
    Stopped,
    decided,
    deployment,
    finding,
    scene,
)

SPLIT = {"blue": 50, "green": 50}


async def rolled_back(where: Scene | None = None) -> tuple[Scene, str]:
    """A rollback that was seen in effect, and its decision."""
    here = await scene() if where is None else where
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED
    return here, outcome.decision_id


async def undone(here: Scene, decision_id: str) -> Outcome:
    outcome = await here.executor.undo(decision_id, "ada", "the rule was wrong")
    assert isinstance(outcome, Outcome)
    return outcome


async def test_a_rollback_is_taken_back_with_an_intent_an_effect_a_look_and_an_outcome() -> None:
    here, decision_id = await rolled_back()
    outcome = await undone(here, decision_id)
    assert outcome.status is OutcomeStatus.VERIFIED
    assert here.world.weights == SPLIT
    entries = await here.journal.read(0, 100)
    assert [entry.kind for entry in entries][-3:] == ["undo.asked", "intent", "outcome"]
    assert [entry.actor for entry in entries][-3:] == ["ada", "daemon", "daemon"]
    state = here.writer.state
    assert state.actions[decision_id].undone_by == outcome.decision_id
    assert state.actions[outcome.decision_id].undoes == decision_id
    assert state.targets[TARGET].running == ""


async def test_a_release_whose_rollback_is_taken_back_is_not_rolled_back_again_without_a_person() -> None:
    here, decision_id = await rolled_back()
    await undone(here, decision_id)
    assert here.writer.state.deployments["dep-1"].weight_percent == 50
    again = decide(finding(at_ms=NOW_MS + 900_000), here.writer.state, Policy(), NOW_MS + 900_000)
    assert again.reason is Reason.ALREADY_ROLLED_BACK


async def test_it_spends_no_budget_and_counts_as_no_repeat() -> None:
    here, decision_id = await rolled_back()
    before = here.writer.state
    await undone(here, decision_id)
    assert here.writer.state.intents_at_ms == before.intents_at_ms
    assert here.writer.state.targets[TARGET].acts_at_ms == before.targets[TARGET].acts_at_ms


async def test_it_is_taken_back_once() -> None:
    here, decision_id = await rolled_back()
    outcome = await undone(here, decision_id)
    writes = len(here.world.writes)
    assert (await refusal_of(here, decision_id)) is UndoRefusal.UNDONE
    assert (await refusal_of(here, outcome.decision_id)) is UndoRefusal.IS_UNDO
    assert len(here.world.writes) == writes


async def refusal_of(here: Scene, decision_id: str) -> UndoRefusal:
    found = await here.executor.undo(decision_id, "ada", "why not")
    assert isinstance(found, tuple)
    assert found[1]
    return found[0]


async def test_what_was_never_done_cannot_be_taken_back() -> None:
    here = await scene(world=FakeWorld(healthy=False))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert (await refusal_of(here, outcome.decision_id)) is UndoRefusal.NOTHING_DONE
    assert (await refusal_of(here, "dec-nobody-knows")) is UndoRefusal.UNKNOWN


async def test_a_world_that_somebody_changed_since_is_left_alone() -> None:
    here, decision_id = await rolled_back()
    here.world.weights = {"blue": 90, "green": 10}
    outcome = await undone(here, decision_id)
    assert outcome.status is OutcomeStatus.REFUSED
    assert "moved on" in outcome.refusal
    assert here.world.weights == {"blue": 90, "green": 10}
    assert here.writer.state.actions[decision_id].undone_by == ""


async def test_a_newer_deployment_means_that_the_world_has_moved_on() -> None:
    here, decision_id = await rolled_back()
    here.clock.at_ms += 1
    await here.writer.append(deployment(subject="dep-2", at_ms=here.clock.at_ms))
    assert (await refusal_of(here, decision_id)) is UndoRefusal.MOVED_ON


async def test_no_traffic_goes_back_to_an_environment_that_is_not_healthy() -> None:
    here, decision_id = await rolled_back()
    here.world.healthy = False
    outcome = await undone(here, decision_id)
    assert outcome.status is OutcomeStatus.FAILED
    assert here.world.weights == ROLLED_BACK


async def test_it_works_while_automation_is_stopped_and_does_not_begin_it_anew() -> None:
    here, decision_id = await rolled_back()
    await here.writer.append(AutomationStopped(reason="looking"), "ada")
    assert (await undone(here, decision_id)).status is OutcomeStatus.VERIFIED
    assert here.writer.state.stopped is not None


@pytest.mark.parametrize(
    ("kind", "written", "status"),
    [("intent", True, OutcomeStatus.VERIFIED), ("outcome", False, OutcomeStatus.ALREADY_DONE)],
)
async def test_killed_at_any_boundary_it_is_done_once(kind: str, written: bool, status: OutcomeStatus) -> None:
    first, decision_id = await rolled_back(await scene(journal=DyingJournal("nothing", Stopped(), written=True)))
    journal = first.journal
    assert isinstance(journal, DyingJournal)
    journal.kind, journal.written = kind, written
    with pytest.raises(Stopped):
        await first.executor.undo(decision_id, "ada", "wrong")
    journal.fault = None
    journal.kind = "nothing"
    again = await first.restarted()
    writes = len(first.world.writes)
    [outcome] = await again.executor.recover()
    assert outcome.status is status
    assert first.world.weights == SPLIT
    assert len(first.world.writes) - writes == (1 if kind == "intent" else 0)
    assert again.writer.state.actions[decision_id].undone_by


async def test_one_that_was_asked_for_too_long_ago_is_not_sent_after_a_restart() -> None:
    first, decision_id = await rolled_back(await scene(journal=DyingJournal("nothing", Stopped(), written=True)))
    journal = first.journal
    assert isinstance(journal, DyingJournal)
    journal.kind = "intent"
    with pytest.raises(Stopped):
        await first.executor.undo(decision_id, "ada", "wrong")
    journal.kind = "nothing"
    first.clock.at_ms += 3_600_000
    [outcome] = await (await first.restarted()).executor.recover()
    assert outcome.status is OutcomeStatus.REFUSED
    assert first.world.weights == ROLLED_BACK


@pytest.mark.parametrize("running", [{TARGET: TargetState(running="dec-9")}])
def test_a_target_that_is_being_changed_is_not_changed_by_an_undo(running: dict[str, TargetState]) -> None:
    one = ActionState(
        decision_id="dec-1",
        sequence=1,
        action="rollback.traffic",
        target=TARGET,
        key="",
        arguments={},
        cause_at_ms=NOW_MS,
        decided_at_ms=NOW_MS,
        intent_sequence=2,
        status=OutcomeStatus.VERIFIED,
    )
    found = refused(State(actions={"dec-1": one}, targets=running), "dec-1")
    assert found is not None
    assert found[0] is UndoRefusal.BUSY
    later = replace(one, decision_id="dec-2", intent_sequence=5)
    found = refused(State(actions={"dec-1": one, "dec-2": later}), "dec-1")
    assert found is not None
    assert found[0] is UndoRefusal.MOVED_ON


class Mode:
    """Holding, in memory."""

    def __init__(self, mode: str) -> None:
        self.now = mode

    async def mode(self) -> str:
        return self.now

    async def set_mode(self, mode: str, reason: str, key: str) -> None:
        assert reason
        assert key
        self.now = mode


async def test_a_hold_is_taken_back() -> None:
    mode = Mode(NORMAL)
    switch = KillSwitch(mode)
    before = (await switch.preflight({"reason": "flood"})).before
    await switch.apply({"reason": "flood"}, "k")
    reversal = Reversal(switch, before)
    assert not (await reversal.verify({"reason": "flood"})).in_effect
    assert (await reversal.preflight({})).refusal == ""
    await reversal.apply({}, "k")
    assert mode.now == NORMAL
    assert (await reversal.verify({})).in_effect
    assert "moved on" in (await reversal.preflight({})).refusal
    assert mode.now != HOLDING


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["confirmation", "question", ""]), max_size=4))
async def test_what_was_skipped_is_in_the_journal_and_changes_no_answer(skipped: list[str]) -> None:
    plain, decision_id = await rolled_back()
    forced, _ = await rolled_back()
    for _ in range(2):
        one = await plain.executor.undo(decision_id, "ada", "x")
        other = await forced.executor.undo(decision_id, "ada", "x", tuple(skipped))
        assert _answer(one) == _answer(other)
    [asked] = [entry for entry in await forced.journal.read(0, 100) if entry.kind == "undo.asked"]
    assert list(_listed(asked.fields)) == skipped


def _answer(found: Outcome | tuple[UndoRefusal, str]) -> object:
    return found[0] if isinstance(found, tuple) else (found.status, found.refusal)


def _listed(fields: Mapping[str, object]) -> list[object]:
    found = fields["skipped"]
    assert isinstance(found, list)
    return found
