"""Writes the next version of an entry or file, with its event and with whoever waits for it."""

from typing import TypeVar

import msgspec

from checks.facts import AchReturn, Fact, ObjectChanged
from payment_core.ach.codes.returns import return_code
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.ports import EntryHandlers
from payment_core.ach.files.states import EntryStatus, FileStatus, next_entry_status, next_file_status
from payment_core.origin import Origin
from payment_core.store.port import Transaction
from payment_core.store.records import Document, kind_of

D = TypeVar("D", bound=Document)


def following(document: D, now_ms: int, **changes: object) -> D:
    """The document's next version."""
    return msgspec.structs.replace(document, version=document.version + 1, updated_at_ms=now_ms, **changes)


def object_changed(
    document: Document, origin: Origin, now_ms: int, *, status: str, previous: str = "", amount_cents: int = 0
) -> ObjectChanged:
    """The event of a change that has no fact of its own."""
    return ObjectChanged(
        id=f"{document.id}.{document.version}.changed",
        at_ms=now_ms,
        subject=document.id,
        region=origin.region,
        environment=origin.environment,
        version=origin.release,
        object=kind_of(type(document)),
        status=status,
        previous_status=previous,
        owner=document.owner,
        amount_cents=amount_cents,
    )


def told_cents(entry: AchEntry) -> int:
    """The amount that events tell: not that of a micro-entry, because whoever knows it can verify the account."""
    return 0 if entry.purpose == "micro" else entry.amount_cents


def write_file(transaction: Transaction, origin: Origin, file: AchFile, **changes: object) -> AchFile:
    """The file's next version without a change of state."""
    after = following(file, transaction.now_ms, **changes)
    fact = object_changed(after, origin, transaction.now_ms, status=after.status, previous=file.status)
    transaction.change(after, fact)
    return after


def move_file(
    transaction: Transaction, origin: Origin, file: AchFile, status: FileStatus, **changes: object
) -> AchFile:
    """The file in its next state. Raises IllegalTransition."""
    return write_file(transaction, origin, file, status=next_file_status(file.status, status), **changes)


class EntryMover:
    """Moves entries and tells whoever waits, in the same transaction."""

    def __init__(self, origin: Origin, handlers: EntryHandlers) -> None:
        self._origin = origin
        self._handlers = handlers

    def move(self, transaction: Transaction, entry: AchEntry, status: EntryStatus, **changes: object) -> AchEntry:
        """The entry in its next state. Raises IllegalTransition, and what its handler raises."""
        after = following(entry, transaction.now_ms, status=next_entry_status(entry.status, status), **changes)
        transaction.change(after, self._fact(transaction, entry, after))
        handler = self._handlers.get(after.purpose)
        if handler is not None:
            handler(transaction, after)
        return after

    def _fact(self, transaction: Transaction, before: AchEntry, after: AchEntry) -> Fact:
        if after.status != "returned":
            return object_changed(
                after,
                self._origin,
                transaction.now_ms,
                status=after.status,
                previous=before.status,
                amount_cents=told_cents(after),
            )
        return AchReturn(
            id=f"{after.id}.{after.version}.returned",
            at_ms=transaction.now_ms,
            subject=after.id,
            region=self._origin.region,
            environment=self._origin.environment,
            version=self._origin.release,
            direction=after.direction,
            code=after.return_code,
            family=return_code(after.return_code).family.value,
            amount_cents=told_cents(after),
            originated_at_ms=after.submitted_at_ms,
        )
