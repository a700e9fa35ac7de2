"""The operations on files, entries, returns and cases that people and the bank's gateway ask for."""

from enum import StrEnum

import msgspec

from payment_core.ach.files.content import SealedContent
from payment_core.ach.files.incoming.acknowledging import Acknowledger, FileRefusal, hurry
from payment_core.ach.files.incoming.cases import CaseRefusal, close_case
from payment_core.ach.files.incoming.model import ContentAccess, ReturnFile
from payment_core.ach.files.incoming.receiving import Receiver, RefusedFile, ReturnRefusal, explain_return
from payment_core.ach.files.model import AchFile
from payment_core.ach.files.outgoing.originating import EntryRefusal, reverse_entry
from payment_core.ach.files.requests import AcknowledgeRequest, CloseCaseRequest, SubmitRequest
from payment_core.ach.files.views import case_view, entry_view, file_view, return_file_view
from payment_core.answers import Answer, FieldError, encode_problem, ok, problem
from payment_core.clock import Clock
from payment_core.identifiers import new_id
from payment_core.operations.bodies import NoBody
from payment_core.operations.call import Call
from payment_core.operations.documents import record_change
from payment_core.operations.once import answered_before, perform_once
from payment_core.operations.pages import answer_one
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction

SUBMIT, ACKNOWLEDGE, REVERSE, CLOSE, RETURNS = (
    "ach_file.submit",
    "ach_file.ack",
    "ach_entry.reverse",
    "ach_case.close",
    "ach_return.create",
)
ERRORS_SHOWN = 100
"""Problems of a return file that the answer names; a broken file can have one in each line."""


class AchDesk:
    """Every writing operation keeps its idempotency key."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        origin: Origin,
        clock: Clock,
        acknowledger: Acknowledger,
        content: SealedContent,
        receiver: Receiver,
    ) -> None:
        self._store = store
        self._origin = origin
        self._clock = clock
        self._acknowledger = acknowledger
        self._content = content
        self._receiver = receiver

    async def get_file(self, call: Call, _body: None) -> Answer | StrEnum:
        """One file."""
        return await answer_one(self._store, AchFile, call.path["file_id"], file_view, FileRefusal.FILE_NOT_FOUND)

    async def content(self, call: Call, _body: None) -> Answer | StrEnum:
        """The bytes, with account numbers; who looked at them is on record before they are opened."""
        file = await self._store.read(AchFile, call.path["file_id"])
        if file is None:
            return FileRefusal.FILE_NOT_FOUND
        if file.content == "":
            return FileRefusal.FILE_HAS_NO_BYTES

        def work(transaction: Transaction) -> None:
            access = ContentAccess(
                id=new_id("acc", transaction.now_ms),
                created_at_ms=transaction.now_ms,
                updated_at_ms=transaction.now_ms,
                file_id=file.id,
                actor=call.actor,
            )
            record_change(transaction, self._origin, access, status="opened")

        await self._store.transact(work, call.actor)
        return Answer(200, await self._content.load(file.id, file.content, file.content_parts))

    async def submit(self, call: Call, body: SubmitRequest) -> Answer | StrEnum:
        """Let the next run send the file now; a file that the bank has is refused."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            file = hurry(transaction, self._origin, call.path["file_id"], not_delivered=body.not_delivered)
            return file if isinstance(file, FileRefusal) else ok(file_view(file))

        return await perform_once(self._store, SUBMIT, call, work)

    async def acknowledge(self, call: Call, body: AcknowledgeRequest) -> Answer | StrEnum:
        """Record what the bank said about a file."""
        known = await answered_before(self._store, ACKNOWLEDGE, call)
        if known is not None:
            return known
        file = await self._acknowledger.answer(
            call.path["file_id"], call.actor, accepted=body.accepted, reason=body.reason
        )
        if isinstance(file, FileRefusal):
            return file
        # It changes nothing when repeated, so a crash before this is harmless.
        return await perform_once(self._store, ACKNOWLEDGE, call, lambda _: ok(file_view(file)))

    async def reverse(self, call: Call, _body: NoBody | None) -> Answer | StrEnum:
        """Queue the opposite of an entry that was sent by mistake."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            entry = reverse_entry(transaction, self._origin, call.path["entry_id"])
            return entry if isinstance(entry, EntryRefusal) else ok(entry_view(entry), 201)

        return await perform_once(self._store, REVERSE, call, work)

    async def close_case(self, call: Call, body: CloseCaseRequest) -> Answer | StrEnum:
        """Record a decision."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            case = close_case(transaction, self._origin, call.path["case_id"], call.actor, body.note)
            return case if isinstance(case, CaseRefusal) else ok(case_view(case))

        return await perform_once(self._store, CLOSE, call, work)

    async def take_returns(self, call: Call, body: bytes) -> Answer | StrEnum:
        """Take a return file in. Its hash is its key: the same bytes are the same file, whatever the request's key."""
        taken = await self._receiver.receive(body, call.actor, "api", self._clock.now_ms())
        if isinstance(taken, ReturnFile):
            return ok(return_file_view(taken), 201)
        return _refused(taken, call.instance)

    async def get_return(self, call: Call, _body: None) -> Answer | StrEnum:
        """One return file."""
        missing = ReturnRefusal.RETURN_FILE_NOT_FOUND
        return await answer_one(self._store, ReturnFile, call.path["return_file_id"], return_file_view, missing)


def _refused(taken: RefusedFile, instance: str) -> Answer | StrEnum:
    """A broken file is answered with every place that is wrong, and without what stands there."""
    if not taken.problems:
        return taken.refusal
    document = problem(taken.refusal.value, explain_return(taken.refusal), instance)
    errors = tuple(
        FieldError(f"line {found.line}: {found.field}", f"{found.code}: {found.message}")
        for found in taken.problems[:ERRORS_SHOWN]
    )
    return encode_problem(msgspec.structs.replace(document, errors=errors))
