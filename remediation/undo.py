"""Whether an automatic action can be taken back for a person, and what the state is once it was."""

from enum import StrEnum

from msgspec.structs import replace

from remediation.decisions import OutcomeStatus
from remediation.guardrails.locks import conflicts, holder
from remediation.journal.entry import Entry
from remediation.journal.guardrail_kinds import UndoAsked
from remediation.state import ActionState, State, with_action, with_target

UNDO = "undo"
"""The name of taking an action back, in intents and outcomes."""


class UndoRefusal(StrEnum):
    """Why an action is not taken back, in order of precedence."""

    UNKNOWN = "unknown"
    IS_UNDO = "is_undo"
    NOTHING_DONE = "nothing_done"
    UNDONE = "undone"
    MOVED_ON = "moved_on"
    BUSY = "busy"
    NEEDS_APPROVAL = "needs_approval"


def subject_of(decision_id: str) -> str:
    """What the journal calls taking this action back, where it is about approvals and money."""
    return f"undo of {decision_id}"


def refused(state: State, decision_id: str) -> tuple[UndoRefusal, str] | None:
    """Why the action of this decision cannot be taken back, as far as the journal knows; None when it can."""
    one = state.actions.get(decision_id)
    if one is None:
        return UndoRefusal.UNKNOWN, f"no action of a decision {decision_id:.40} is known"
    if one.undoes:
        return UndoRefusal.IS_UNDO, f"it took {one.undoes} back itself; let automation or a person act anew instead"
    if one.status is not OutcomeStatus.VERIFIED:
        ended = "has not ended" if one.status is None else f"ended as {one.status.value}"
        return UndoRefusal.NOTHING_DONE, f"{one.action} {ended}, so there is nothing that is known to be in effect"
    if one.undone_by:
        return UndoRefusal.UNDONE, f"{one.undone_by} took it back already"
    later = _later(state, one)
    if later:
        return UndoRefusal.MOVED_ON, later
    running = holder(state, one.target)
    return (UndoRefusal.BUSY, f"{running} is still acting on {one.target}") if running else None


def _later(state: State, one: ActionState) -> str:
    """What happened since that makes the old state of the world somebody else's."""
    deployment = state.deployments.get(one.arguments.get("deployment_id", ""))
    newer = [
        other.id
        for other in state.deployments.values()
        if deployment is not None and other.sequence > deployment.sequence and other.started_at_ms > one.ended_at_ms
    ]
    if newer:
        return f"deployment {newer[-1]} began since"
    acts = [
        other.decision_id
        for other in state.actions.values()
        if other.intent_sequence > one.intent_sequence
        and other.status is not OutcomeStatus.REFUSED
        and conflicts(other.target, one.target)
    ]
    return f"{acts[-1]} acted on {one.target} since" if acts else ""


def with_undo(state: State, entry: Entry, asked: UndoAsked) -> State:
    """The state after somebody asked to take an action back."""
    original = state.actions.get(asked.decision_id)
    if original is None:
        return state
    undo = ActionState(
        decision_id=asked.undo_id,
        sequence=entry.sequence,
        action=UNDO,
        target=original.target,
        key=asked.key,
        arguments=original.arguments,
        cause_at_ms=entry.at_ms,
        decided_at_ms=entry.at_ms,
        undoes=original.decision_id,
        trace_id=original.trace_id,
    )
    return with_target(with_action(state, undo), undo.target, running=undo.decision_id)


def with_undone(state: State, undo: ActionState) -> State:
    """The state after the world was seen to be as before the action that is taken back."""
    original = state.actions.get(undo.undoes)
    if original is None:
        return state
    state = with_action(state, replace(original, undone_by=undo.decision_id))
    deployment = state.deployments.get(original.arguments.get("deployment_id", ""))
    weight = original.before.get(original.arguments.get("from_environment", ""), "")
    if deployment is None or not weight.isdigit():
        return state
    # It stays rolled back: its second rollback needs a person, as the one did who gave it traffic again.
    back = replace(deployment, weight_percent=int(weight))
    return replace(state, deployments={**state.deployments, back.id: back})
