"""The pages of deployments: every one that is known, and one with its phases, steps, gates, numbers and people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from msgspec.structs import replace

from daemon.deployments.service import RunView
from daemon.deployments.words import PHASE_WORDS, does, name_of, phase_of, seconds
from daemon.http.console.deployment_rows import (
    Announced,
    DeploymentPanel,
    GateRow,
    announced,
    deployment_panel,
    gate_row,
    state_of,
)
from daemon.http.console.figures.shown import Figure
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.console.rollback_rows import RollbackPanel, rollback_panel
from daemon.http.console.waiting_rows import WaitingRow, waiting_rows
from daemon.http.words.wording import NO_DATA, Moment, count, duration, moment, words
from remediation.deployment.findings import GateReading, StepFinding
from remediation.deployment.plan import Step
from remediation.deployment.run import DeploymentRun, EndedStep
from remediation.state import DeploymentState, State

LIST_ROWS = 40


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment in the list. href: empty for one that only events told of. share: of the traffic, in percent."""

    id: str
    href: str
    version: str
    where: str
    state: str
    tone: str
    asked_by: str
    at: Moment
    took: str
    steps: str
    share: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step. state: done, failed, now, ahead or not done. gates: what was read when it ended, or is read now."""

    name: str
    does: str
    state: str
    took: str
    budget: str
    detail: str
    gates: tuple[GateRow, ...]


@dataclass(frozen=True, slots=True)
class PhaseTable:
    """A phase in a region with its steps. open: whether there is something to look at in it now."""

    key: str
    title: str
    state: str
    steps: tuple[StepRow, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class DeploymentsPage:
    """rows: newest first. known: whether deployments are asked for here at all."""

    figures: tuple[Figure, ...]
    rows: tuple[DeploymentRow, ...]
    known: bool
    waiting: tuple[WaitingRow, ...]
    way_back: RollbackPanel


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """One deployment. wrong: what is known of payments that it left wrong, in words."""

    deployment: DeploymentPanel | None
    announced: Announced | None
    phases: tuple[PhaseTable, ...]
    way_back: RollbackPanel
    request: tuple[tuple[str, str], ...]
    wrong: str


def compose_list(scene: Scene, _of: str) -> DeploymentsPage:
    """Those that were asked for here, and those that only events tell of."""
    desk, now_ms, state = scene.options.deployments, scene.now_ms, scene.state
    views = () if desk is None else tuple(desk.list())
    asked = {view.run.id for view in views}
    told = [one for one in reversed(state.deployments.values()) if one.id not in asked]
    found = [(view.run.planned_at_ms, _of_run(view, now_ms)) for view in views]
    found += [(one.started_at_ms, _of_event(one, now_ms)) for one in told]
    found.sort(key=lambda pair: -pair[0])
    return DeploymentsPage(
        figures=tuple(_figures(views, state, now_ms)),
        rows=tuple(row for _, row in found[:LIST_ROWS]),
        known=desk is not None,
        waiting=waiting_rows(state, now_ms),
        way_back=rollback_panel(state, now_ms),
    )


def compose_one(scene: Scene, of: str) -> DeploymentPage | None:
    """The deployment with this id."""
    desk, now_ms, state = scene.options.deployments, scene.now_ms, scene.state
    views = () if desk is None else tuple(desk.list())
    view = next((one for one in views if one.run.id == of), None)
    if view is None and of not in state.deployments:
        return None
    only = only_of(state, of)
    return DeploymentPage(
        deployment=None if view is None else deployment_panel([view], state, now_ms),
        announced=announced(only, views, now_ms) if view is None else None,
        phases=() if view is None else tuple(_phases(view)),
        way_back=rollback_panel(only, now_ms),
        request=() if view is None else tuple(_request(view.run)),
        wrong=_wrong(state, of),
    )


def _figures(views: Sequence[RunView], state: State, now_ms: int) -> Iterator[Figure]:
    running = [view for view in views if view.run.outcome is None]
    yield Figure("On its way", running[0].run.plan.request.version if running else "none")
    ended = [view.run for view in views if view.run.outcome is not None]
    good = sum(run.outcome == "succeeded" for run in ended)
    shown = NO_DATA if not ended else f"{good} of {len(ended)}"
    yield Figure("Succeeded", shown, "of those that are remembered" if ended else "none has ended")
    panel = rollback_panel(state, now_ms)
    yield Figure("Way back rehearsed", panel.rehearsal, "", "good" if panel.is_rehearsed else "odd")


def _of_run(view: RunView, now_ms: int) -> DeploymentRow:
    run, request = view.run, view.run.plan.request
    state, tone = state_of(view)
    until = run.ended_at_ms if run.ended_at_ms else now_ms
    known = view.deployment
    return DeploymentRow(
        id=run.id,
        href=f"/console/deployments/{quote(run.id, safe='')}",
        version=request.version,
        where=f"{request.strategy} in {', '.join(request.regions)}",
        state=state,
        tone=tone,
        asked_by=request.requested_by,
        at=moment(run.planned_at_ms, now_ms),
        took=duration(max(0, until - run.planned_at_ms)),
        steps=f"{len(run.ended)} of {len(run.plan.steps)}",
        share=NO_DATA if known is None else f"{known.weight_percent} %",
    )


def _of_event(one: DeploymentState, now_ms: int) -> DeploymentRow:
    over = one.rolled_back or one.status not in {"started", "in_progress"}
    return DeploymentRow(
        id=one.id,
        href=f"/console/deployments/{quote(one.id, safe='')}",
        version=one.version,
        where=f"{one.strategy if one.strategy else 'strategy not told'} on {one.environment}",
        state="rolled back" if one.rolled_back else words(one.status),
        tone="breached" if one.rolled_back or one.status == "failed" else "cleared" if over else "",
        asked_by="events",
        at=moment(one.started_at_ms, now_ms),
        took=duration(max(0, (one.changed_at_ms if over else now_ms) - one.started_at_ms)),
        steps="",
        share=f"{one.weight_percent} %",
    )


def _phases(view: RunView) -> Iterator[PhaseTable]:
    """By region and phase in the plan's order; what undoes them only once something has to be undone."""
    run = view.run
    steps = (*run.plan.steps, *(run.plan.unwinding if run.stopped is not None else ()))
    ended = {one.step_id: one for one in run.ended}
    groups: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        groups.setdefault((step.region, phase_of(step)), []).append(step)
    several = len({region for region, _ in groups}) > 1
    for (region, phase), group in groups.items():
        rows = tuple(_step(step, ended.get(step.id), view) for step in group)
        states = {row.state for row in rows}
        state = next((one for one in ("now", "failed") if one in states), states.pop() if len(states) == 1 else "part")
        title = f"{region}: {PHASE_WORDS[phase]}" if several else PHASE_WORDS[phase]
        yield PhaseTable(f"{region}/{phase}", title, state, rows, state in {"now", "failed", "part"})


def _step(step: Step, ended: EndedStep | None, view: RunView) -> StepRow:
    run, budget = view.run, seconds(step.within_seconds)
    if ended is not None:
        took = duration(ended.ended_at_ms - ended.begun_at_ms) if ended.begun_at_ms else ""
        state = "done" if ended.finding is StepFinding.PASSED else "failed"
        return StepRow(name_of(step), does(step), state, took, budget, ended.detail, _gates(ended.readings))
    if run.step is not None and run.step.id == step.id and run.outcome is None:
        told = view.waits_for
        detail = view.held if view.held else "" if told is None else told.detail
        readings = () if told is None else _gates(told.readings)
        return StepRow(name_of(step), does(step), "now", seconds(view.spent_seconds), budget, detail, readings)
    left = run.outcome is not None or run.stopped is not None
    return StepRow(name_of(step), does(step), "not done" if left else "ahead", "", budget, "", ())


def _gates(readings: Sequence[GateReading]) -> tuple[GateRow, ...]:
    return tuple(gate_row(one) for one in readings)


def _request(run: DeploymentRun) -> Iterator[tuple[str, str]]:
    """What was asked for, in the words of the command line."""
    request = run.plan.request
    yield "version", request.version
    yield "strategy", request.strategy
    yield "regions", ", ".join(request.regions)
    yield "asked by", request.requested_by
    yield "reason", request.reason if request.reason else "none given"
    if request.cohort:
        yield "first for", request.cohort
    if request.force:
        yield "confirmations", "passed over (--force)"
    if request.differential:
        yield "held against", "the old version where a gate is red already"
    if run.no_return:
        yield "no way back since", run.no_return


def _wrong(state: State, of: str) -> str:
    """What the newest list of its payments says; empty while none was made."""
    listed = state.compensations.get(of)
    if listed is None:
        return ""
    beyond = f", and {count(listed.beyond)} that are not listed" if listed.beyond else ""
    fixed = f", {count(len(listed.fixes))} fixed or tried" if listed.fixes else ""
    return f"{count(len(listed.payments))} payments were left wrong{beyond}{fixed}: /api/v1/compensations"


def only_of(state: State, of: str) -> State:
    """The state as if this deployment were the only one."""
    return replace(
        state,
        deployments={name: one for name, one in state.deployments.items() if name == of},
        rollbacks={name: one for name, one in state.rollbacks.items() if name == of},
        manual_rollbacks={name: one for name, one in state.manual_rollbacks.items() if one.deployment_id == of},
    )


def glance(scene: Scene) -> Figure:
    """What is on its way, for the overview."""
    running = next((one for one in reversed(scene.state.runs.values()) if one.outcome is None), None)
    if running is not None:
        known = scene.state.deployments.get(running.id)
        where = "no traffic yet" if known is None else f"{known.weight_percent} % on {known.environment}"
        return Figure(
            "Deployment", running.plan.request.version, where, href=f"/console/deployments/{quote(running.id, safe='')}"
        )
    newest = next(reversed(scene.state.deployments.values()), None)
    note = (
        ""
        if newest is None
        else f"last {newest.version}, " + ("rolled back" if newest.rolled_back else words(newest.status))
    )
    return Figure("Deployment", "none", note, href="/console/deployments")


DEPLOYMENTS = ConsolePage(
    name="deployments",
    title="Deployments",
    path="/console/deployments",
    section="deployments",
    panels=("figures", "waiting", "deployments", "way-back"),
    compose=compose_list,
)

DEPLOYMENT = ConsolePage(
    name="deployment",
    title="Deployment",
    path="/console/deployments/{of}",
    section="deployments",
    panels=("deployment", "deployment-steps", "deployment-about", "way-back"),
    compose=compose_one,
    chart=True,
)
