"""The console's panel of deployments: what is on its way, what it waits for, what would end it."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.deployments.service import RunView
from daemon.deployments.words import PHASE_WORDS, does, name_of, phase_of, seconds
from daemon.http.console.waiting_rows import answers_to
from daemon.http.words.wording import Moment, moment, words
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.run import DeploymentRun, RunOutcome
from remediation.guardrails.approvals import ApprovalChange
from remediation.state import State

GATE_ROWS = 10
PASSED_ROWS = 40
"""Gates that have not passed, the worst first, and folded those that have; the API has all of them."""

STOPS = "A breach of a gate, or of a rule that asks for rollback.traffic; a person by: tillwatch deployments abort"
STOPS_NOT = "Nothing takes it back any more: {job} has begun, so it has to be mended"
_ORDER = (GateState.BREACHED, GateState.NO_DATA, GateState.WAITING)


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """One phase. state: done, now, ahead or left (the deployment ended before it)."""

    words: str
    state: str


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate with its numbers. samples: seen, of those needed where a number is."""

    gate: str
    state: str
    shown: str
    limit: str
    samples: str
    shadow: bool


@dataclass(frozen=True, slots=True)
class Announced:
    """A deployment that events told of. state, tone: as of a panel. share: of the traffic, in percent."""

    id: str
    version: str
    environment: str
    state: str
    tone: str
    began: Moment
    share: int


@dataclass(frozen=True, slots=True)
class DeploymentPanel:
    """The newest deployment. state: one word; tone: the badge's class. share: of the traffic, None before its first.

    spent_percent: of the step's time, at most 100. waits: the last look in words. stops: empty once it is over.
    gates: that have not passed, the worst first, and how many more there are; passed: those that have.
    """

    id: str
    version: str
    how: str
    state: str
    tone: str
    asked: str
    asked_at: Moment
    approved: str
    phases: tuple[PhaseMark, ...]
    region: str
    step: str
    does: str
    spent: str
    spent_percent: int
    share: int | None
    environment: str
    waits: str
    gates: tuple[GateRow, ...]
    gates_hidden: int
    passed: tuple[GateRow, ...]
    stops: str


def deployment_panel(views: Sequence[RunView], state: State, now_ms: int) -> DeploymentPanel | None:
    """The one that is on its way, else the newest; None when none was asked for here. views: newest first."""
    view = next((one for one in views if one.run.outcome is None), views[0] if views else None)
    if view is None:
        return None
    run, request, step = view.run, view.run.plan.request, view.run.step
    readings = () if view.waits_for is None or run.outcome is not None else view.waits_for.readings
    gates = sorted(
        (one for one in readings if one.state is not GateState.PASSED),
        key=lambda one: (one.shadow, _ORDER.index(one.state)),
    )
    passed = [one for one in readings if one.state is GateState.PASSED]
    known = view.deployment
    word, tone = state_of(view)
    budget = step.within_seconds if step is not None else 0.0
    return DeploymentPanel(
        id=run.id,
        version=request.version,
        how=f"{request.strategy} in {', '.join(request.regions)}" + (", --force" if request.force else ""),
        state=word,
        tone=tone,
        asked=f"asked by {request.requested_by}" + (f": {request.reason}" if request.reason else ""),
        asked_at=moment(run.planned_at_ms, now_ms),
        approved=_approved(state, run),
        phases=_phases(run),
        region=step.region if step is not None else "",
        step=name_of(step) if step is not None else "",
        does=does(step) if step is not None else "",
        spent=f"{seconds(view.spent_seconds)} of {seconds(budget)}" if step is not None else "",
        spent_percent=min(100, round(100 * view.spent_seconds / budget)) if budget > 0 else 0,
        share=None if known is None else known.weight_percent,
        environment="" if known is None else known.environment,
        waits=_waits(view),
        gates=tuple(gate_row(one) for one in gates[:GATE_ROWS]),
        gates_hidden=max(0, len(gates) - GATE_ROWS),
        passed=tuple(gate_row(one) for one in passed[:PASSED_ROWS]),
        stops=_stops(run),
    )


def announced(state: State, views: Sequence[RunView], now_ms: int) -> Announced | None:
    """The newest deployment, when it was not asked for here and only events tell of it."""
    newest = next(reversed(state.deployments.values()), None)
    if newest is None or newest.id in {view.run.id for view in views}:
        return None
    return Announced(
        id=newest.id,
        version=newest.version,
        environment=newest.environment,
        state="rolled back" if newest.rolled_back else words(newest.status),
        tone="breached" if newest.rolled_back or newest.status == "failed" else "",
        began=moment(newest.started_at_ms, now_ms),
        share=newest.weight_percent,
    )


def state_of(view: RunView) -> tuple[str, str]:
    """One word, and the badge's class."""
    run = view.run
    if run.outcome is not None:
        return run.outcome.replace("_", " "), "cleared" if run.outcome is RunOutcome.SUCCEEDED else "breached"
    if run.stopped is not None:
        return f"unwinding: {run.stopped.replace('_', ' ')}", "breached"
    if view.held:
        return "held", "no_data"
    return ("paused", "pending") if run.paused else ("running", "")


def _waits(view: RunView) -> str:
    run = view.run
    if run.outcome is not None:
        return run.detail
    paused = f"paused by {run.paused_by}; " if run.paused else ""
    seen = "" if view.waits_for is None else view.waits_for.detail
    return paused + (view.held if view.held else seen)


def _stops(run: DeploymentRun) -> str:
    if run.outcome is not None or run.stopped is not None:
        return ""
    return STOPS_NOT.format(job=run.no_return) if run.no_return else STOPS


def _phases(run: DeploymentRun) -> tuple[PhaseMark, ...]:
    """The six phases of the region that it is in, or was in when it ended."""
    ended = {one.step_id for one in run.ended}
    passed = [step for step in run.plan.steps if step.id in ended]
    at = run.step if run.stopped is None else None
    region = at.region if at is not None else passed[-1].region if passed else run.plan.steps[0].region
    marks = []
    for phase, name in list(PHASE_WORDS.items())[:-1]:
        steps = [step for step in run.plan.steps if step.region == region and phase_of(step) == phase]
        if at is not None and phase_of(at) == phase:
            marks.append(PhaseMark(name, "now"))
        elif steps and all(step.id in ended for step in steps):
            marks.append(PhaseMark(name, "done"))
        else:
            marks.append(PhaseMark(name, "ahead" if at is not None else "left"))
    return tuple(marks)


def _approved(state: State, run: DeploymentRun) -> str:
    asked = [one for one in state.approvals.values() if one.subject == run.id and one.change == ApprovalChange.ROLLOUT]
    return answers_to(asked[-1]) if asked else "nobody had to approve it"


def gate_row(reading: GateReading) -> GateRow:
    """The gate with its numbers, in words."""
    needed = f" of {reading.samples_needed}" if reading.samples_needed else ""
    return GateRow(
        gate=reading.gate,
        state=reading.state,
        shown=reading.shown,
        limit=reading.limit,
        samples=f"{reading.samples}{needed}",
        shadow=reading.shadow,
    )
