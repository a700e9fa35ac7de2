"""Rollbacks by hand, and how each rollback went, as they are folded into the state."""

from msgspec.structs import replace

from remediation.bounded import bounded
from remediation.journal.aftermath_kinds import RollbackAsked, RollbackEnded, RollbackMeasured, RollbackStepEnded
from remediation.journal.entry import Entry
from remediation.rollback.fold import with_rollback_entry
from remediation.state import ROLLBACKS_MAX, State


def with_rollback(state: State, _entry: Entry, measured: RollbackMeasured) -> State:
    """How a rollback went."""
    kept = {**state.rollbacks, measured.deployment_id: measured}
    # Drills go first: a rollback that is forgotten would be measured once more.
    return replace(state, rollbacks=bounded(kept, ROLLBACKS_MAX, lambda one: one.drill))


def with_manual_rollback(state: State, entry: Entry, said: RollbackAsked | RollbackStepEnded | RollbackEnded) -> State:
    """A rollback that a person asked for, step by step."""
    runs = with_rollback_entry(state.manual_rollbacks, entry, said)
    return replace(state, manual_rollbacks=bounded(runs, ROLLBACKS_MAX, lambda one: one.ended_at_ms > 0))
