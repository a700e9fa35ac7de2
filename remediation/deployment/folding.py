"""Folds the journal's entries about deployments into runs."""

from collections.abc import Mapping

from msgspec.structs import replace

from remediation.deployment.plan import Step, exposes
from remediation.deployment.run import ENDED_STEPS_MAX, DeploymentRun, EndedStep
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body, DeploymentAsked, DeploymentEnded, DeploymentPlanned, StepBegun, StepEnded


def run_after(runs: Mapping[str, DeploymentRun], entry: Entry, body: Body | None) -> DeploymentRun | None:
    """The run that the entry is about, after it; None for an entry that is about none that is known."""
    if isinstance(body, DeploymentPlanned):
        request = body.plan.request
        known = runs.get(request.deployment_id)
        if known is not None:
            return known
        return DeploymentRun(
            id=request.deployment_id, sequence=entry.sequence, plan=body.plan, planned_at_ms=entry.at_ms
        )
    if not isinstance(body, StepBegun | StepEnded | DeploymentAsked | DeploymentEnded):
        return None
    run = runs.get(body.deployment_id)
    return run if run is None or run.outcome is not None else _moved(run, entry, body)


def _moved(
    run: DeploymentRun, entry: Entry, body: StepBegun | StepEnded | DeploymentAsked | DeploymentEnded
) -> DeploymentRun:
    match body:
        case StepBegun():
            return _begun(run, entry, body)
        case StepEnded():
            return _ended(run, entry, body)
        case DeploymentAsked():
            return _asked(run, entry, body)
        case DeploymentEnded():
            return replace(run, outcome=body.outcome, ended_at_ms=entry.at_ms, detail=body.detail, key="")


def _begun(run: DeploymentRun, entry: Entry, body: StepBegun) -> DeploymentRun:
    step = run.step
    if step is None or step.id != body.step_id:
        return run
    no_return = step.arguments.get("job", "") if _is_final(step) else run.no_return
    return replace(
        run,
        key=body.key,
        began_at_ms=entry.at_ms,
        paused_ms=0,
        no_return=no_return,
        begun_ids=run.begun_ids | {step.id},
        exposed_ms={step.region: entry.at_ms, **run.exposed_ms} if exposes(step) else run.exposed_ms,
    )


def _is_final(step: Step) -> bool:
    """Whether beginning the step means that the old version cannot be gone back to."""
    return step.arguments.get("point_of_no_return") == "yes"


def _ended(run: DeploymentRun, entry: Entry, body: StepEnded) -> DeploymentRun:
    step = run.step
    if step is None or step.id != body.step_id:
        return run
    ended = EndedStep(
        step_id=step.id,
        finding=body.finding,
        detail=body.detail,
        begun_at_ms=run.began_at_ms,
        ended_at_ms=entry.at_ms,
        readings=body.readings,
    )
    moved = replace(
        run,
        index=run.index + 1,
        key="",
        began_at_ms=0,
        paused_ms=0,
        # A pause that outlasts its step holds the next one from its beginning.
        paused_at_ms=entry.at_ms if run.paused_at_ms else 0,
        ended=(*run.ended, ended)[-ENDED_STEPS_MAX:],
    )
    if body.stop is None or run.stopped is not None:
        return moved
    return replace(moved, index=len(run.plan.steps), stopped=body.stop, stopped_region=step.region, paused_at_ms=0)


def _asked(run: DeploymentRun, entry: Entry, body: DeploymentAsked) -> DeploymentRun:
    match body.what:
        case "pause":
            return run if run.paused_at_ms else replace(run, paused_at_ms=entry.at_ms, paused_by=entry.actor)
        case "abort":
            return replace(run, asked_to_abort_by=entry.actor, abort_reason=body.reason)
        case "resume":
            if not run.paused_at_ms:
                # Whoever resumes what was held gives its step the whole of its time once more.
                return replace(run, began_at_ms=entry.at_ms if run.began_at_ms else 0, paused_ms=0)
            paused = entry.at_ms - max(run.paused_at_ms, run.began_at_ms) if run.began_at_ms else 0
            return replace(run, paused_at_ms=0, paused_by="", paused_ms=run.paused_ms + max(0, paused))
