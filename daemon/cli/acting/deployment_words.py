"""A deployment as a table for people: its phases, its steps, what it waits for, and what would end it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from daemon.cli.output import plain
from daemon.deployments.words import changes, does, name_of, place_of, seconds
from remediation.deployment.findings import GateReading, GateState, StepFinding, StepReport
from remediation.deployment.plan import Plan, Step
from remediation.deployment.run import DeploymentRun

RULE_OF_STOPS = "what breaches a rule with rollback.traffic, or a gate, ends it; `deployments abort` does, too"
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


def table_of(view: View) -> Group:
    """Every step under its region and phase: its state, the time that it took or has, and what was seen."""
    run = view.run
    ended = {one.step_id: one for one in run.ended}
    rows: list[tuple[Step, tuple[str, ...]]] = []
    for step in (*run.plan.steps, *(run.plan.unwinding if run.stopped is not None else ())):
        end = ended.get(step.id)
        if end is not None:
            spent = _spent((end.ended_at_ms - end.begun_at_ms) / 1000) if end.begun_at_ms else ""
            # A step that ended while it went on was left, because the deployment was given up.
            mark = "left" if end.finding is StepFinding.WAITING else MARKS[end.finding]
            rows.append((step, (mark, spent, end.detail)))
        elif run.step is not None and step.id == run.step.id:
            rows.append((step, _now(view, step)))
        elif run.outcome is None and run.stopped is None:
            rows.append((step, ("", seconds(step.within_seconds), does(step))))
    return _grouped(rows, ("step", "state", "time", "what was seen, or is to come"), (27, 7, 10, 30))


def _now(view: View, step: Step) -> tuple[str, ...]:
    seen = does(step) if view.waits_for is None else view.waits_for.detail
    state = "held" if view.held else "now" if view.run.began_at_ms else "next"
    return state, f"{_spent(view.spent_seconds)} of {seconds(step.within_seconds)}", view.held or seen


def _spent(count: float) -> str:
    return seconds(count) if count >= 1 else "< 1 s"


def gates_of(view: View) -> Table | None:
    """The gates of the step that goes on; None when it has none."""
    readings: tuple[GateReading, ...] = () if view.waits_for is None else view.waits_for.readings
    if not readings:
        return None
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading, width in (("gate", 31), ("state", 8), ("value, and its limit", 26), ("samples", 9)):
        table.add_column(heading, width=width, overflow="fold")
    # What speaks against the release, or is waited for, stands first.
    for one in sorted(readings, key=lambda one: (one.shadow, one.state is GateState.PASSED)):
        samples = f"{one.samples} of {one.samples_needed}" if one.samples_needed else str(one.samples)
        name = f"{one.gate}\n  watches only" if one.shadow else one.gate
        table.add_row(*(plain(text) for text in (name, one.state, f"{one.shown}\nlimit {one.limit}", samples)))
    return table


def plan_table(plan: Plan) -> Group:
    """What would be done, in order, under region and phase."""
    rows = [(step, (does(step), changes(step), seconds(step.within_seconds))) for step in plan.steps]
    return _grouped(rows, ("step", "does", "changes", "at most"), (27, 23, 12, 10))


def _grouped(rows: Sequence[tuple[Step, tuple[str, ...]]], headings: tuple[str, ...], widths: tuple[int, ...]) -> Group:
    """One table for each region and phase, all with the same columns, which fit into 80 characters."""
    tables: list[Table] = []
    for place, group in groupby(rows, key=lambda row: place_of(row[0])):
        steps = list(group)
        title = Text(f"\n{place}", style="bold")
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=not tables, title=title, title_justify="left")
        for heading, width in zip(headings, widths, strict=True):
            table.add_column(heading, width=width, overflow="fold")
        for step, cells in steps:
            table.add_row(*(plain(text) for text in (name_of(step), *cells)))
        tables.append(table)
    return Group(*tables)


def moment(at_ms: int) -> str:
    """A time in UTC, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
