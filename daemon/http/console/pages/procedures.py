"""The pages of procedures: every one with when it is due and who walks it, and one with its steps."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from config.procedures.procedure import Procedure, Step
from daemon.http.console.figures.shown import Figure
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, Moment, count, duration, moment, window
from daemon.procedures.catalogue import Catalogue
from remediation.procedures.due import due_at_ms
from remediation.procedures.model import ProcedureRun
from remediation.state import State

RUN_ROWS = 20


@dataclass(frozen=True, slots=True)
class ProcedureRow:
    """A procedure. within: how soon it is to be done. due: when it comes back; None when something calls for it."""

    name: str
    href: str
    title: str
    family: str
    owner: str
    within: str
    steps: str
    done: Moment | None
    due: Moment | None
    is_due: bool


@dataclass(frozen=True, slots=True)
class RunRow:
    """Somebody walks a procedure, or did. tone: the badge's."""

    id: str
    procedure: str
    by: str
    at: Moment
    steps: str
    state: str
    tone: str
    incident: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step. command: as it is typed; empty where a person does it. second: whether another has to agree first."""

    id: str
    title: str
    does: str
    command: str
    expect: str
    undo: str
    role: str
    second: bool
    blocks: bool
    within: str
    trouble: str


@dataclass(frozen=True, slots=True)
class ProceduresPage:
    """known: whether any are walked from here."""

    figures: tuple[Figure, ...]
    known: bool
    rows: tuple[ProcedureRow, ...]
    runs: tuple[RunRow, ...]


@dataclass(frozen=True, slots=True)
class ProcedurePage:
    """One procedure. about: its parts by name. walk: the command that walks it."""

    name: str
    title: str
    purpose: str
    about: tuple[tuple[str, str], ...]
    walk: str
    steps: tuple[StepRow, ...]
    runs: tuple[RunRow, ...]


def catalogue_of(scene: Scene) -> Catalogue | None:
    """What is in effect; None where nobody walks procedures."""
    parts = scene.options.incidents
    return None if parts is None else parts.procedures.catalogue


def compose_list(scene: Scene, _of: str) -> ProceduresPage:
    """From the catalogue and the journal's runs."""
    catalogue, now_ms, state = catalogue_of(scene), scene.now_ms, scene.state
    rows = () if catalogue is None else tuple(_row(one, state, now_ms) for one in catalogue.all)
    ordered = sorted(rows, key=lambda row: (not row.is_due, row.name))
    return ProceduresPage(
        figures=tuple(_figures(rows, state, known=catalogue is not None)),
        known=catalogue is not None,
        rows=tuple(ordered),
        runs=_runs(list(state.procedures.values()), now_ms),
    )


def compose_one(scene: Scene, of: str) -> ProcedurePage | None:
    """The procedure of this name."""
    catalogue = catalogue_of(scene)
    procedure = None if catalogue is None else catalogue.named(of)
    if procedure is None:
        return None
    runs = [run for run in scene.state.procedures.values() if run.procedure == of]
    return ProcedurePage(
        name=of,
        title=procedure.title,
        purpose=procedure.purpose,
        about=tuple(_about(procedure)),
        walk=f"tillwatch sop run {of}",
        steps=tuple(_step(one) for one in procedure.steps),
        runs=_runs(runs, scene.now_ms),
    )


def _figures(rows: Sequence[ProcedureRow], state: State, *, known: bool) -> Iterator[Figure]:
    due = sum(row.is_due for row in rows)
    yield Figure("Procedures", count(len(rows)) if known else NO_DATA)
    yield Figure(
        "Due", count(due) if known else NO_DATA, "of those that come back", "odd" if due else "good" if known else ""
    )
    walked = sum(not run.is_over for run in state.procedures.values())
    yield Figure("Being walked", count(walked), "", "odd" if walked else "")
    drill = state.drills[-1] if state.drills else None
    yield Figure("Last drill", NO_DATA if drill is None else drill.drill_id, "of business continuity")


def _row(one: Procedure, state: State, now_ms: int) -> ProcedureRow:
    done_ms = state.procedures_done.get(one.name, 0)
    due_ms = due_at_ms(one, done_ms, state.first_started_at_ms)
    return ProcedureRow(
        name=one.name,
        href=f"/console/procedures/{quote(one.name, safe='')}",
        title=one.title,
        family=one.family,
        owner=one.owner,
        within=window(one.within),
        steps=count(len(one.steps)),
        done=moment(done_ms, now_ms) if done_ms else None,
        due=moment(due_ms, now_ms) if due_ms else None,
        is_due=bool(due_ms) and due_ms <= now_ms,
    )


def _runs(runs: Sequence[ProcedureRun], now_ms: int) -> tuple[RunRow, ...]:
    """Those that go on before all others, each group newest first."""
    ordered = sorted(runs, key=lambda run: (run.is_over, -run.begun_at_ms))[:RUN_ROWS]
    return tuple(
        RunRow(
            id=run.id,
            procedure=run.procedure,
            by=", ".join(run.people) if run.people else run.begun_by,
            at=moment(run.begun_at_ms, now_ms),
            steps=f"{len(run.results)} of {len(run.steps)}",
            state="going on" if run.outcome is None else run.outcome.replace("_", " "),
            tone="pending" if run.outcome is None else "cleared" if run.outcome == "done" else "breached",
            incident=run.incident_id,
        )
        for run in ordered
    )


def _about(one: Procedure) -> Iterator[tuple[str, str]]:
    yield "family", one.family
    yield "owner", one.owner
    yield "to be done within", duration(one.within * 1000)
    if one.every is not None:
        yield "comes back every", duration(one.every * 1000)
    if one.runbooks:
        yield "for the runbooks", ", ".join(one.runbooks)
    if one.contacts:
        yield "calls", ", ".join(one.contacts)
    for name, parameter in one.parameters.items():
        default = f" ({parameter.default})" if parameter.default else ""
        yield f"asks for {name}", f"{parameter.about}{default}"


def _step(one: Step) -> StepRow:
    return StepRow(
        id=one.id,
        title=one.title,
        does=one.do,
        command=shlex.join(one.command),
        expect=one.expect,
        undo=shlex.join(one.undo),
        role=one.approval.role,
        second=one.approval.second_person,
        blocks=one.criticality == "blocks",
        within=window(one.timeout),
        trouble="" if one.trouble is None else one.trouble,
    )


PROCEDURES = ConsolePage(
    name="procedures",
    title="Procedures",
    path="/console/procedures",
    section="procedures",
    panels=("figures", "procedure-runs", "procedure-list"),
    compose=compose_list,
)

PROCEDURE = ConsolePage(
    name="procedure",
    title="Procedure",
    path="/console/procedures/{of}",
    section="procedures",
    panels=("procedure", "procedure-runs"),
    compose=compose_one,
)
