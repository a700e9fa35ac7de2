"""Writes down what is done in a run: on this machine first, then into the journal, or into it once it is back."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from checks.redaction.card_numbers import holds_card_number
from daemon.cli.asking_daemon import Declined, Unanswered, answered
from daemon.cli.sop.record import LocalRecord, RecordUnusable
from remediation.journal.procedure_kinds import PROCEDURE_TYPE_BY_KIND, ContinuityMeasured, RunEntry
from remediation.procedures.fold import with_procedure
from remediation.procedures.model import DRILLS_MAX, ProcedureRun
from remediation.procedures.texts import texts_of

_KIND_BY_TYPE = {body_type: kind for kind, body_type in PROCEDURE_TYPE_BY_KIND.items()}
CONFLICT, UNAVAILABLE = 409, 503
HERE = "you"
"""Whoever walks where no daemon says under which name."""

Said = TypeVar("Said", bound=RunEntry)


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    body: msgspec.Raw


class Recorder:
    """One run. What the daemon declines is not done; where it does not answer, it is written down here and told so."""

    def __init__(self, local: LocalRecord, url: str, token: str, tell: Callable[[str], None]) -> None:
        self._local = local
        self._url = url
        self._token = token
        self._tell = tell
        self._waiting: list[RunEntry] = []
        self._is_told = False
        self._run: ProcedureRun | None = None
        self.journaled = True

    @property
    def run(self) -> ProcedureRun | None:
        """As it stands; None before its begin."""
        return self._run

    def take_up(self, run_id: str) -> ProcedureRun | None:
        """Go on with a run: what the journal has of it, and what was only written down here, sent now.

        Raises Declined and RecordUnusable. None when neither has it.
        """
        entries = self._local.entries(run_id)
        try:
            known: ProcedureRun | None = self._ask("GET", f"procedures/runs/{run_id}", ProcedureRun)
        except Unanswered as fault:
            self._alone(fault)
            self._run, self._waiting = self._local.run(run_id, HERE), list(entries)
            return self._run
        except Declined as no:
            if no.status != 404 or not entries:  # noqa: PLR2004 - not found
                raise
            known = None
        told = 0 if known is None else known.told
        self._run = known
        self._waiting = [one for one in entries if one.number > told]
        self._flush()
        if self._waiting:
            # The daemon went away in between: what is recorded here goes on from what it had.
            for one in self._waiting:
                self._fold(one)
        return self._run

    def record(self, said: RunEntry) -> ProcedureRun:
        """Into the journal, or durably here. Raises Declined and RecordUnusable: then it is not to be done."""
        if any(holds_card_number(text) for text in texts_of(said)):
            raise RecordUnusable("this holds what looks like a card number, and nothing that is written down may")
        if self.journaled:
            try:
                # A no has to come before anything is kept here: what was declined was never said.
                return self._send(said)
            except Unanswered as fault:
                self._alone(fault)
        late = replace(said, late=True)
        self._local.append(late)
        self._waiting.append(late)
        return self._fold(late)

    def catch_up(self) -> int:
        """Send what waits, if the daemon is back; returns how many entries wait still."""
        if self._waiting:
            self.journaled = True
            self._flush()
        return len(self._waiting)

    def drill(self, measured: ContinuityMeasured) -> bool:
        """Record what a drill measured, and those that only stand here; False when no daemon took it."""
        self._local.append(measured)
        try:
            for one in self._local.drills()[-DRILLS_MAX:]:
                answered("POST", self._url, self._token, "procedures/drills", ContinuityMeasured, one)
        except Unanswered as fault:
            self._alone(fault)
            return False
        return True

    def _send(self, said: RunEntry) -> ProcedureRun:
        body = _Entry(kind=_KIND_BY_TYPE[type(said)], body=msgspec.Raw(msgspec.json.encode(said)))
        try:
            run: ProcedureRun = self._ask("POST", f"procedures/runs/{said.run_id}/entries", ProcedureRun, body)
        except Declined as no:
            if no.status == UNAVAILABLE:
                raise Unanswered("the daemon", no) from no
            raise
        self._run = run
        return run

    def _flush(self) -> None:
        while self._waiting:
            try:
                self._send(self._waiting[0])
            except Unanswered as fault:
                self._alone(fault)
                return
            del self._waiting[0]

    def _fold(self, said: RunEntry) -> ProcedureRun:
        runs = {} if self._run is None else {self._run.id: self._run}
        self._run = with_procedure(runs, said, HERE, said.said_at_ms)[said.run_id]
        return self._run

    def _alone(self, fault: Exception) -> None:
        if not self._is_told:
            self._tell(f"{fault}\n  what is done is written down here, and recorded once it is back")
        self._is_told, self.journaled = True, False

    def _ask(self, method: str, resource: str, shape: type[ProcedureRun], body: object = None) -> ProcedureRun:
        found: ProcedureRun = answered(method, self._url, self._token, resource, shape, body)
        return found
