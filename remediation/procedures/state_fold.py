"""Procedures that people walk, and drills of the business-continuity plan, as they are folded into the state."""

from msgspec.structs import replace

from remediation.bounded import bounded
from remediation.journal.entry import Entry
from remediation.journal.procedure_kinds import ContinuityMeasured, ProcedureBody
from remediation.procedures.fold import with_procedure
from remediation.procedures.model import DRILLS_MAX, RUNS_MAX, RunOutcome
from remediation.state import State


def with_procedures(state: State, entry: Entry, said: ProcedureBody) -> State:
    """What is known of each run and each drill after one more entry."""
    if isinstance(said, ContinuityMeasured):
        return replace(state, drills=(*state.drills, said)[-DRILLS_MAX:])
    runs = with_procedure(state.procedures, said, entry.actor, entry.at_ms)
    state = replace(state, procedures=bounded(runs, RUNS_MAX, lambda one: one.is_over))
    run = state.procedures.get(said.run_id)
    if run is None or run.outcome is not RunOutcome.DONE:
        return state
    done_at_ms = max(run.ended_at_ms, state.procedures_done.get(run.procedure, 0))
    return replace(state, procedures_done={**state.procedures_done, run.procedure: done_at_ms})
