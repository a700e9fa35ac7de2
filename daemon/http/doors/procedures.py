"""The doors through which people walk procedures: see them, record what is done, and what a drill measured."""

from http import HTTPStatus
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from config.procedures.procedure import Family, Procedure
from daemon.http.doors import door
from daemon.incidents.parts import IncidentParts
from daemon.procedures.desk import ProcedureRefusal, ProcedureRefused
from daemon.procedures.parts import ProcedureParts
from daemon.view.shape import SystemView
from remediation.journal.procedure_kinds import RUN_TYPE_BY_KIND, ContinuityMeasured, RunEntry
from remediation.procedures.due import due_at_ms
from remediation.procedures.model import ProcedureRun

ENTRY_BYTES_MAX = 16_384
"""A begin names every step and every parameter."""
RUN_ID = r"^run-[a-z0-9-]{6,40}$"


class ProcedureRow(msgspec.Struct, frozen=True, kw_only=True):
    """One procedure. every_seconds: 0 for one that is done when something calls for it.

    done_at_ms: when it last was walked to its end; 0 before that. due_at_ms: when it is next to be done, if it comes
    back at all; else 0.
    """

    name: str
    title: str
    family: Family
    purpose: str
    owner: str
    runbooks: tuple[str, ...]
    steps: int
    within_seconds: float
    every_seconds: float
    done_at_ms: int
    due_at_ms: int
    is_due: bool


class ProcedureList(msgspec.Struct, frozen=True, kw_only=True):
    """procedures: by name. runs: newest first, those that go on before all others. drills: newest first."""

    procedures: list[ProcedureRow]
    runs: list[ProcedureRun]
    drills: list[ContinuityMeasured]


class EntryWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be recorded. body: as the journal has it; its run_id is that of the address."""

    kind: Literal[
        "procedure.begun", "procedure.step.begun", "procedure.answered", "procedure.step.ended", "procedure.ended"
    ]
    body: msgspec.Raw


class ProcedureDoor:
    """The handlers; the caller's name is the actor in the journal. parts: None where none are kept."""

    def __init__(self, view: SystemView, parts: IncidentParts | None) -> None:
        self._view = view
        self._held = parts

    @property
    def _parts(self) -> ProcedureParts:
        parts = door.held(self._held, "No procedures are kept here.")
        return parts.procedures

    async def list(self, _: Request) -> Response:
        """Every procedure, every run and every drill."""
        state, now_ms = self._view.state(), self._view.now_ms()
        rows = [
            row_of(one, state.procedures_done.get(one.name, 0), state.first_started_at_ms, now_ms)
            for one in self._parts.catalogue.all
        ]
        runs = sorted(state.procedures.values(), key=lambda one: (one.is_over, -one.begun_at_ms))
        return door.answer(ProcedureList(procedures=rows, runs=runs, drills=list(reversed(state.drills))))

    async def show(self, request: Request) -> Response:
        """One run."""
        name = request.path_params["run_id"]
        found = self._view.state().procedures.get(name)
        if found is None:
            raise door.Refused(HTTPStatus.NOT_FOUND, f"There is no run {name!r:.60}.")
        return door.answer(found)

    async def record(self, request: Request) -> Response:
        """200 with the run after the entry; the same entry once more changes nothing."""
        wish = await door.body_as(request, EntryWish, ENTRY_BYTES_MAX)
        said = _entry(wish)
        if said.run_id != request.path_params["run_id"]:
            raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body is about {said.run_id!r:.60}.")
        caller = door.caller(request)
        answered = await self._parts.desk.take(said, caller.name, caller.may)
        if isinstance(answered, ProcedureRefused):
            raise _refused(answered)
        return door.answer(answered)

    async def drill(self, request: Request) -> Response:
        """201 with what was measured."""
        measured = await door.body_as(request, ContinuityMeasured)
        refused = await self._parts.desk.measured(measured, door.caller(request).name)
        if refused is not None:
            raise _refused(refused)
        return door.answer(measured, HTTPStatus.CREATED)


def row_of(procedure: Procedure, done_at_ms: int, since_ms: int, now_ms: int) -> ProcedureRow:
    """What a list says of it. since_ms: when a daemon first led, from which on what comes back is due."""
    due_ms = due_at_ms(procedure, done_at_ms, since_ms)
    return ProcedureRow(
        name=procedure.name,
        title=procedure.title,
        family=procedure.family,
        purpose=procedure.purpose,
        owner=procedure.owner,
        runbooks=procedure.runbooks,
        steps=len(procedure.steps),
        within_seconds=procedure.within,
        every_seconds=0.0 if procedure.every is None else procedure.every,
        done_at_ms=done_at_ms,
        due_at_ms=due_ms,
        is_due=0 < due_ms <= now_ms,
    )


def _entry(wish: EntryWish) -> RunEntry:
    try:
        said: RunEntry = msgspec.json.decode(wish.body, type=RUN_TYPE_BY_KIND[wish.kind])
    except msgspec.MsgspecError as fault:
        raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body cannot be used: {fault}") from fault
    return said


def _refused(no: ProcedureRefused) -> door.Refused:
    return door.Refused(_status(no.refusal), f"{no.refusal}: {no.detail}")


def _status(refusal: ProcedureRefusal) -> HTTPStatus:
    match refusal:
        case ProcedureRefusal.UNKNOWN:
            return HTTPStatus.NOT_FOUND
        case ProcedureRefusal.NOT_LEADING:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case ProcedureRefusal.CARD_NUMBER:
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case ProcedureRefusal.NEEDS_ROLE:
            return HTTPStatus.FORBIDDEN
        case _:
            return HTTPStatus.CONFLICT
