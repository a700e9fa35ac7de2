"""What the bank says about a file it got: taken, or refused before anything was paid."""

from enum import StrEnum
from typing import assert_never

from payment_core.ach.files.model import AchFile
from payment_core.ach.files.moving import move_file, write_file
from payment_core.ach.files.outgoing.sending import Sender
from payment_core.ach.files.outgoing.spreading import Spreader, is_spread
from payment_core.answers import Explanation
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work

REASON_CHARACTERS_MAX = 200


class FileRefusal(StrEnum):
    """Why nothing was done with a file, in order of precedence."""

    FILE_NOT_FOUND = "file_not_found"
    FILE_HAS_NO_BYTES = "file_has_no_bytes"
    FILE_SENT_ALREADY = "file_sent_already"
    FILE_NOT_SENT = "file_not_sent"
    FILE_ANSWERED_ALREADY = "file_answered_already"
    FILE_IN_TRANSIT = "file_in_transit"
    RESEND_NOT_CONFIRMED = "resend_not_confirmed"


def explain_file(refusal: FileRefusal) -> Explanation:  # noqa: PLR0911  # one line for each refusal
    """The refusal as callers see it."""
    match refusal:
        case FileRefusal.FILE_NOT_FOUND:
            return Explanation("No such file", 404, "There is no ACH file with this id.")
        case FileRefusal.FILE_HAS_NO_BYTES:
            return Explanation("Not built", 409, "The file has no bytes yet, or was given up before it had any.")
        case FileRefusal.FILE_SENT_ALREADY:
            return Explanation("Sent already", 409, "The bank has this file; the same file is never sent twice.")
        case FileRefusal.FILE_NOT_SENT:
            return Explanation("Not sent", 409, "The file was not sent, so the bank cannot have answered it.")
        case FileRefusal.FILE_ANSWERED_ALREADY:
            return Explanation(
                "Answered already", 409, "The bank's answer to this file is known, and it is another one."
            )
        case FileRefusal.FILE_IN_TRANSIT:
            return Explanation("In transit", 409, "The file is being sent or its entries still follow it; try again.")
        case FileRefusal.RESEND_NOT_CONFIRMED:
            return Explanation(
                "Not confirmed",
                409,
                "Whether the bank has the file is not known; ask it, then say not_delivered, or acknowledge the file.",
            )
        case _:
            assert_never(refusal)


class Acknowledger:
    """Records the bank's answer; the same answer again changes nothing."""

    def __init__(self, store: LedgerStore, origin: Origin, sender: Sender, spreader: Spreader) -> None:
        self._store = store
        self._origin = origin
        self._sender = sender
        self._spreader = spreader

    async def answer(self, file_id: str, actor: str, *, accepted: bool, reason: str) -> AchFile | FileRefusal:
        """The file with the bank's answer. An answer to a file whose sending is in doubt proves that it arrived."""
        file = await self._store.read(AchFile, file_id)
        if file is None:
            return FileRefusal.FILE_NOT_FOUND
        if file.status == "sending":
            file = await self._store.transact(self._sender.submitting(file_id), actor)
        if not is_spread(file):
            await self._spreader.spread(file)
        return await self._store.transact(self._answering(file_id, accepted=accepted, reason=reason), actor)

    def _answering(self, file_id: str, *, accepted: bool, reason: str) -> Work[AchFile | FileRefusal]:
        def work(transaction: Transaction) -> AchFile | FileRefusal:
            file = transaction.get(AchFile, file_id)
            if file is None:
                return FileRefusal.FILE_NOT_FOUND
            refusal = _unanswerable(file, accepted=accepted)
            if refusal is not None:
                return refusal
            if file.status != "submitted":
                return file
            if accepted:
                return move_file(
                    transaction,
                    self._origin,
                    file,
                    "acknowledged",
                    acknowledged_at_ms=transaction.now_ms,
                    problem="",
                    next_at_ms=transaction.now_ms,
                )
            return move_file(
                transaction,
                self._origin,
                file,
                "rejected",
                rejected_for=reason[:REASON_CHARACTERS_MAX],
                problem="",
                next_at_ms=transaction.now_ms,
            )

        return work


def hurry(  # noqa: PLR0911  # one line for each state
    transaction: Transaction, origin: Origin, file_id: str, *, not_delivered: bool
) -> AchFile | FileRefusal:
    """Let the next run send a built file, or one in doubt once a person has made sure that the bank has not got it."""
    file = transaction.get(AchFile, file_id)
    if file is None:
        return FileRefusal.FILE_NOT_FOUND
    match file.status:
        case "claiming" | "building" | "abandoned":
            return FileRefusal.FILE_HAS_NO_BYTES
        case "submitted" | "acknowledged" | "rejected" | "settled":
            return FileRefusal.FILE_SENT_ALREADY
        case "built":
            return write_file(transaction, origin, file, next_at_ms=transaction.now_ms, problem="")
        case "sending":
            if transaction.now_ms < file.lease_until_ms:
                return FileRefusal.FILE_IN_TRANSIT
            if not not_delivered:
                return FileRefusal.RESEND_NOT_CONFIRMED
            return write_file(
                transaction, origin, file, next_at_ms=transaction.now_ms, problem="", resend_confirmed=True
            )


def _unanswerable(file: AchFile, *, accepted: bool) -> FileRefusal | None:
    match file.status:
        case "claiming" | "building" | "built" | "abandoned":
            return FileRefusal.FILE_NOT_SENT
        case "sending":
            return FileRefusal.FILE_IN_TRANSIT
        case "submitted":
            return None if is_spread(file) else FileRefusal.FILE_IN_TRANSIT
        case "acknowledged" | "settled":
            return None if accepted else FileRefusal.FILE_ANSWERED_ALREADY
        case "rejected":
            return FileRefusal.FILE_ANSWERED_ALREADY if accepted else None
