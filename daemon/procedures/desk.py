"""Records what people do in procedures: each entry once, in its order, and never a step that needs more people."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

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
    ProcedureStepBegun,
    RunEntry,
)
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.procedures.fold import Place, place_of
from remediation.procedures.model import ProcedureRun
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
    NEEDS_ROLE = "needs_role"
    NEEDS_APPROVAL = "needs_approval"


class ProcedureRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: ProcedureRefusal
    detail: str


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
            if refused is None and isinstance(said, ProcedureStepBegun) and run is not None and not said.late:
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
        if isinstance(said, ProcedureBegun):
            return self._begins_badly(said)
        return None

    def _begins_badly(self, said: ProcedureBegun) -> ProcedureRefused | None:
        procedure = self._catalogue.named(said.procedure)
        if procedure is None:
            detail = f"the daemon has no procedure {said.procedure!r:.60}; put its file into the daemon's sops/"
            return _no(ProcedureRefusal.UNKNOWN, detail)
        incident = said.incident_id
        if incident and incident not in self._writer.state.incidents:
            return _no(ProcedureRefusal.UNKNOWN, f"there is no incident {incident!r:.60}; see incidents list --all")
        if procedure.digest != said.digest and not said.late:
            detail = f"the daemon has another {said.procedure}; give --config with the daemon's files"
            return _no(ProcedureRefusal.DIFFERENT, detail)
        return None

    async def _not_allowed(
        self, run: ProcedureRun, said: ProcedureStepBegun, actor: str, allows: Allows
    ) -> ProcedureRefused | None:
        """Why this person may not do the step now; a step that nobody knows any more needs what every step needs."""
        procedure = self._catalogue.named(run.procedure)
        step = None if procedure is None else procedure.step_of(said.step)
        if step is None or procedure is None:
            return None
        if not allows(step.approval.role):
            return _no(ProcedureRefusal.NEEDS_ROLE, f"{step.id} is for the role {step.approval.role}")
        return await self._unapproved(run, procedure, step, said, actor) if step.approval.second_person else None

    async def _unapproved(
        self, run: ProcedureRun, procedure: Procedure, step: Step, said: ProcedureStepBegun, actor: str
    ) -> ProcedureRefused | None:
        """Ask the second person; None when they agreed to exactly this."""
        approvals, now_ms = self._approvals(), self._clock.now_ms()
        command = f": {' '.join(said.command)}" if said.command else ""
        question = Question(
            change=ApprovalChange.PROCEDURE,
            subject=f"{run.id}/{step.id}",
            digest=digest_of(run.id, step.id, *said.command),
            what=f"{step.title} ({procedure.name}, {run.id}){command}",
        )
        if is_approved(self._writer.state, approvals, question, now_ms):
            return None
        name = await ask(self._writer, approvals, question, actor, now_ms)
        detail = (
            f"another person has to approve {name} first: tillwatch approvals approve {name}; then sop resume {run.id}"
        )
        return _no(ProcedureRefusal.NEEDS_APPROVAL, detail)


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
