"""Records what people do in procedures: each entry once, in its order, and nothing as done by who may not do it."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from checks.redaction.card_numbers import holds_card_number
from config.guardrails import Approvals
from config.procedures.procedure import Procedure, Step
from config.settings import Role
from daemon.procedures.catalogue import Catalogue
from remediation.asking import ask
from remediation.decisions import Question
from remediation.guardrails.approvals import ApprovalChange, digest_of, is_approved
from remediation.journal.procedure_kinds import (
    ContinuityMeasured,
    ProcedureBegun,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
    RunEntry,
)
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.procedures.fold import Place, place_of
from remediation.procedures.model import DONE_STATES, ProcedureRun, RunOutcome
from remediation.procedures.texts import texts_of

Allows = Callable[[Role], bool]


class ProcedureRefusal(StrEnum):
    """Why nothing was recorded, in order of precedence."""

    NOT_LEADING = "not_leading"
    CARD_NUMBER = "card_number"
    UNKNOWN = "unknown"
    OTHER = "other"
    OVER = "over"
    FULL = "full"
    GAP = "gap"
    DIFFERENT = "different"
    UNSETTLED = "unsettled"
    NEEDS_ROLE = "needs_role"
    NEEDS_APPROVAL = "needs_approval"


class ProcedureRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: ProcedureRefusal
    detail: str


class _Asked(NamedTuple):
    """What somebody has to be allowed. words: of what is agreed to. told: the same for whoever is asked."""

    step: str
    words: tuple[str, ...]
    told: str


class ProcedureDesk:
    """actor: the name of a person's token. The same entry once more is answered with the run, and not recorded again.

    Journal faults are raised, and nothing has changed then.
    """

    def __init__(
        self, writer: JournalWriter, catalogue: Catalogue, approvals: Callable[[], Approvals], clock: Clock
    ) -> None:
        self._writer = writer
        self._catalogue = catalogue
        self._approvals = approvals
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def take(self, said: RunEntry, actor: str, allows: Allows) -> ProcedureRun | ProcedureRefused:
        """Record an entry of a run. allows: whether the caller's role suffices for another one."""
        async with self._one_at_a_time:
            run = self._writer.state.procedures.get(said.run_id)
            place = place_of(run, said)
            if place is Place.KNOWN and run is not None:
                return run
            refused = self._refused(run, said, place)
            if refused is None and run is not None:
                refused = await self._not_allowed(run, said, actor, allows)
            if refused is not None:
                return refused
            await self._writer.append(said, actor)
            return self._writer.state.procedures[said.run_id]

    async def measured(self, drill: ContinuityMeasured, actor: str) -> ProcedureRefused | None:
        """Record what a drill measured, once."""
        async with self._one_at_a_time:
            if self._clock.now_ms() >= self._writer.lease.until_ms:
                return _not_leading()
            if all(one.drill_id != drill.drill_id for one in self._writer.state.drills):
                await self._writer.append(drill, actor)
            return None

    def _refused(self, run: ProcedureRun | None, said: RunEntry, place: Place) -> ProcedureRefused | None:
        if self._clock.now_ms() >= self._writer.lease.until_ms:
            return _not_leading()
        if any(holds_card_number(text) for text in texts_of(said)):
            detail = "this holds what looks like a card number, and the journal keeps none; say it without"
            return _no(ProcedureRefusal.CARD_NUMBER, detail)
        if run is None and place is not Place.NEXT:
            return _no(ProcedureRefusal.UNKNOWN, f"there is no run {said.run_id!r:.60}; see sop status --all")
        if place is not Place.NEXT:
            return _misplaced(said, place)
        return self._begins_badly(said) if isinstance(said, ProcedureBegun) else _ends_badly(run, said)

    def _begins_badly(self, said: ProcedureBegun) -> ProcedureRefused | None:
        procedure = self._catalogue.named(said.procedure)
        if procedure is None:
            detail = f"the daemon has no procedure {said.procedure!r:.60}; put its file into the daemon's sops/"
            return _no(ProcedureRefusal.UNKNOWN, detail)
        incident = said.incident_id
        if incident and incident not in self._writer.state.incidents:
            return _no(ProcedureRefusal.UNKNOWN, f"there is no incident {incident!r:.60}; see incidents list --all")
        is_same = procedure.digest == said.digest
        invented = is_same and said.steps != tuple(step.id for step in procedure.steps)
        if invented or not (is_same or said.late):
            detail = f"the daemon has another {said.procedure}; give --config with the daemon's files"
            return _no(ProcedureRefusal.DIFFERENT, detail)
        return None

    async def _not_allowed(
        self, run: ProcedureRun, said: RunEntry, actor: str, allows: Allows
    ) -> ProcedureRefused | None:
        """Why this person may not do the step, or have done it; one that nobody knows needs what every step needs."""
        asked = _to_be_allowed(run, said)
        procedure = self._catalogue.named(run.procedure)
        step = None if procedure is None or asked is None else procedure.step_of(asked.step)
        if step is None or procedure is None or asked is None:
            return None
        if not allows(step.approval.role):
            detail = f"{step.id} is for the role {step.approval.role}; somebody who has it goes on: sop resume {run.id}"
            return _no(ProcedureRefusal.NEEDS_ROLE, detail)
        return await self._unapproved(run, procedure, step, asked, actor) if step.approval.second_person else None

    async def _unapproved(
        self, run: ProcedureRun, procedure: Procedure, step: Step, asked: _Asked, actor: str
    ) -> ProcedureRefused | None:
        """Ask the second person; None when they agreed to exactly this."""
        approvals, now_ms = self._approvals(), self._clock.now_ms()
        question = Question(
            change=ApprovalChange.PROCEDURE,
            subject=f"{run.id}/{step.id}",
            digest=digest_of(run.id, step.id, *asked.words),
            what=f"{step.title} ({procedure.name}, {run.id}){asked.told}",
        )
        if is_approved(self._writer.state, approvals, question, now_ms):
            return None
        name = await ask(self._writer, approvals, question, actor, now_ms)
        detail = (
            f"another person has to approve {name} first: tillwatch approvals approve {name}; then sop resume {run.id}"
        )
        return _no(ProcedureRefusal.NEEDS_APPROVAL, detail)


def _ends_badly(run: ProcedureRun | None, said: RunEntry) -> ProcedureRefused | None:
    is_done = isinstance(said, ProcedureEnded) and said.outcome is RunOutcome.DONE
    if run is None or not is_done or not run.stands_at:
        return None
    detail = f"{run.stands_at} is neither done nor skipped; go on with sop resume {run.id}, or --abandon it"
    return _no(ProcedureRefusal.UNSETTLED, detail)


def _to_be_allowed(run: ProcedureRun, said: RunEntry) -> _Asked | None:
    """What of this entry is for those alone who may; None for what anybody says who may walk.

    A begin that comes late asks for nothing: it was written down where nobody could be asked. That it was done is then
    held against the step's role and its second person, as it is where nobody said that it was begun.
    """
    if isinstance(said, ProcedureStepBegun) and not said.late:
        return _Asked(said.step, said.command, f": {' '.join(said.command)}" if said.command else "")
    if isinstance(said, ProcedureStepEnded) and said.state in DONE_STATES and not run.is_allowed(said.step):
        return _Asked(said.step, (said.state,), f": {said.state} before anybody could be asked")
    return None


def _misplaced(said: RunEntry, place: Place) -> ProcedureRefused:
    name = said.run_id
    if place is Place.OVER:
        return _no(ProcedureRefusal.OVER, f"{name} has ended; begin anew with sop run")
    if place is Place.FULL:
        return _no(ProcedureRefusal.FULL, f"{name} has too many entries; end it with sop resume {name} --abandon")
    if place is Place.OTHER:
        detail = f"somebody else went on with {name} meanwhile; see sop status {name}, then resume it"
        return _no(ProcedureRefusal.OTHER, detail)
    return _no(ProcedureRefusal.GAP, f"an entry of {name} before number {said.number} is missing; send that first")


def _not_leading() -> ProcedureRefused:
    return _no(ProcedureRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")


def _no(refusal: ProcedureRefusal, detail: str) -> ProcedureRefused:
    return ProcedureRefused(refusal=refusal, detail=detail)
