"""A deployment as a table for people: its phases, its steps, what it waits for, and what would end it."""

from datetime import UTC, datetime

import msgspec
from rich.table import Table

from remediation.deployment.findings import GateReading, StepFinding, StepReport
from remediation.deployment.plan import Plan, Step
from remediation.deployment.run import DeploymentRun

RULE_OF_STOPS = "what breaches a rule with rollback.traffic, or a gate below, ends it; `deployments abort` does, too"
MARKS = {
    StepFinding.PASSED: "done",
    StepFinding.WAITING: "goes on",
    StepFinding.HELD: "held",
    StepFinding.FAILED: "failed",
    StepFinding.BREACHED: "bad",
    StepFinding.UNREACHABLE: "out of sight",
}


class Standing(msgspec.Struct, kw_only=True):
    """What rules know of it."""

    status: str
    phase: str
    weight_percent: int


class View(msgspec.Struct, kw_only=True):
    """What the daemon answers about one deployment."""

    run: DeploymentRun
    waits_for: StepReport | None
    spent_seconds: float
    deployment: Standing | None
    held: str = ""


def state_of(view: View) -> str:
    """One word for where it stands."""
    run = view.run
    if run.outcome is not None:
        return run.outcome
    if run.stopped is not None:
        return "unwinding"
    if view.held:
        return "held"
    return "paused" if run.paused else "running"


def line_of(view: View) -> str:
    """One line of a list."""
    run, request = view.run, view.run.plan.request
    step = run.step
    place = f" at {step.id}" if step is not None else ""
    by = f"{request.strategy} in {', '.join(request.regions)}, asked by {request.requested_by}"
    return f"{run.id}  {state_of(view)}{place}  {request.version} {by}"


def table_of(view: View) -> Table:
    """Every step with its state, the time that it took or has, and what was seen."""
    run = view.run
    table = Table("step", "state", "time", "what was seen")
    ended = {one.step_id: one for one in run.ended}
    for step in (*run.plan.steps, *(run.plan.unwinding if run.stopped is not None else ())):
        end = ended.get(step.id)
        if end is not None:
            spent = f"{(end.ended_at_ms - end.begun_at_ms) / 1000:.1f} s" if end.begun_at_ms else ""
            table.add_row(step.id, MARKS[end.finding], spent, end.detail)
        elif run.step is not None and step.id == run.step.id:
            seen = "" if view.waits_for is None else view.waits_for.detail
            state = "held" if view.held else "now" if run.began_at_ms else "next"
            table.add_row(step.id, state, f"{view.spent_seconds:.0f} of {step.within_seconds:g} s", view.held or seen)
        elif run.outcome is None and run.stopped is None:
            table.add_row(step.id, "", f"{step.within_seconds:g} s", "")
    return table


def gates_of(view: View) -> Table | None:
    """The gates of the step that goes on; None when it has none."""
    readings: tuple[GateReading, ...] = () if view.waits_for is None else view.waits_for.readings
    if not readings:
        return None
    table = Table("gate", "state", "value", "limit", "samples", "source")
    for one in readings:
        samples = f"{one.samples} of {one.samples_needed}" if one.samples_needed else str(one.samples)
        name = f"{one.gate} (watches only)" if one.shadow else one.gate
        table.add_row(name, one.state, one.shown, one.limit, samples, one.source)
    return table


def plan_table(plan: Plan) -> Table:
    """What would be done, in order."""
    table = Table("step", "does", "changes", "time")
    for step in plan.steps:
        table.add_row(step.id, _does(step), step.target, f"{step.within_seconds:g} s")
    return table


def moment(at_ms: int) -> str:
    """A time in UTC, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _does(step: Step) -> str:
    arguments = ", ".join(f"{name} {value}" for name, value in step.arguments.items())
    return f"{step.kind} ({arguments})" if arguments else step.kind
