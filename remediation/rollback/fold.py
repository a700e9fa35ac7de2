"""Folds entries about rollbacks by hand into what is known of them."""

from msgspec.structs import replace

from remediation.journal.aftermath_kinds import RollbackAsked, RollbackEnded, RollbackStepEnded
from remediation.journal.entry import Entry
from remediation.rollback.model import RollbackRun, StepResult

Runs = dict[str, RollbackRun]


def with_rollback_entry(runs: Runs, entry: Entry, said: RollbackAsked | RollbackStepEnded | RollbackEnded) -> Runs:
    """What is known after one more entry; one about a rollback that nobody asked for moves nothing."""
    if isinstance(said, RollbackAsked):
        asked = RollbackRun(
            id=said.rollback_id,
            kind=said.kind,
            deployment_id=said.deployment_id,
            asked_by=entry.actor,
            reason=said.reason,
            asked_at_ms=entry.at_ms,
        )
        return {**runs, asked.id: asked}
    run = runs.get(said.rollback_id)
    if run is None:
        return runs
    if isinstance(said, RollbackEnded):
        return {**runs, run.id: replace(run, ended_at_ms=entry.at_ms, complete=said.complete)}
    result = StepResult(status=said.status, detail=said.detail)
    return {**runs, run.id: replace(run, steps={**run.steps, said.step: result})}
