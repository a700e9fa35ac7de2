"""Writes the next version of an entry or file, with its event and with whoever waits for it."""

from checks.facts import AchReturn, Fact
from payment_core.ach.codes.returns import return_code
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.ports import EntryHandlers
from payment_core.ach.files.states import EntryStatus, FileStatus, next_entry_status, next_file_status
from payment_core.operations.documents import next_of, object_changed, record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction


def told_cents(entry: AchEntry) -> int:
    """The amount that events tell: not that of a micro-entry, because whoever knows it can verify the account."""
    return 0 if entry.purpose == "micro" else entry.amount_cents


def write_file(transaction: Transaction, origin: Origin, file: AchFile, **changes: object) -> AchFile:
    """The file's next version without a change of state."""
    after = next_of(file, transaction.now_ms, **changes)
    record_change(transaction, origin, after, status=after.status, previous_status=file.status)
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
        after = next_of(entry, transaction.now_ms, status=next_entry_status(entry.status, status), **changes)
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
                status=after.status,
                previous_status=before.status,
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
