"""Brings the entries of a file to the state of the file, a few in each transaction, from wherever it stopped."""

from collections.abc import AsyncIterator

import msgspec
import structlog

from payment_core.ach.calendar import local_time
from payment_core.ach.files.model import AchEntry, AchFile, DebitDay, FileChunk
from payment_core.ach.files.moving import EntryMover, write_file
from payment_core.ach.files.outgoing.claiming import release_entry
from payment_core.ach.files.states import ENTRY_AFTER, ENTRY_TRANSITIONS, FileStatus
from payment_core.errors import CoreError
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Listing
from payment_core.store.walking import every

PAGE = 100
ACTOR = "sweep:ach-files"
WAITING = frozenset({"submitted", "acknowledged"})
"""States that a file is in until it settles."""

_log = structlog.get_logger(__name__)


def is_spread(file: AchFile) -> bool:
    """Whether every entry has followed the file."""
    return file.status not in ENTRY_AFTER or file.spread == file.status


def chunks_of(store: LedgerStore, file_id: str) -> AsyncIterator[FileChunk]:
    """The chunks of a file in the order of their traces."""
    return every(store, Listing(FileChunk, owner=file_id, limit=PAGE))


class Spreader:
    """Each chunk remembers the state that it reached, so a crash between two of them loses and repeats nothing."""

    def __init__(self, store: LedgerStore, origin: Origin, mover: EntryMover) -> None:
        self._store = store
        self._origin = origin
        self._mover = mover

    async def spread(self, file: AchFile) -> AchFile:
        """The file once all its entries are where it is; a file whose entries need not move is given back at once.

        Raises what kept a chunk from following, once all others have.
        """
        if is_spread(file):
            return file
        stuck: CoreError | None = None
        async for chunk in chunks_of(self._store, file.id):
            if chunk.reached == file.status:
                continue
            try:
                await self._store.transact(self._moving(file.id, chunk.id, file.status), ACTOR)
            except CoreError as fault:
                _log.error("entries did not follow", action="ach_chunk_stuck", chunk=chunk.id, fault=repr(fault))
                stuck = fault
        if stuck is not None:
            raise stuck
        return await self._store.transact(lambda transaction: self._finish(transaction, file), ACTOR)

    def _moving(self, file_id: str, chunk_id: str, status: FileStatus) -> Work[None]:
        def work(transaction: Transaction) -> None:
            file, chunk = transaction.get(AchFile, file_id), transaction.get(FileChunk, chunk_id)
            if file is None or chunk is None or file.status != status or chunk.reached == status:
                return
            for entry_id in chunk.entry_ids:
                entry = transaction.get(AchEntry, entry_id)
                if entry is not None and entry.file_id == file.id:
                    self._follow(transaction, file, entry)
            transaction.put(msgspec.structs.replace(chunk, reached=status))

        return work

    def _follow(self, transaction: Transaction, file: AchFile, entry: AchEntry) -> None:
        """One entry; an entry that is further on already, because it was returned, stays where it is."""
        wanted = ENTRY_AFTER[file.status]
        if wanted not in ENTRY_TRANSITIONS[entry.status]:
            return
        match wanted:
            case "queued":
                release_entry(transaction, self._mover, entry)
            case "submitted":
                if entry.direction == "debit" and entry.amount_cents > 0:
                    count_debit(transaction, file.submitted_at_ms, originated=1)
                first_ms = file.settles_at_ms if entry.first_settles_at_ms == 0 else entry.first_settles_at_ms
                self._mover.move(
                    transaction,
                    entry,
                    wanted,
                    submitted_at_ms=file.submitted_at_ms,
                    settles_at_ms=file.settles_at_ms,
                    first_settles_at_ms=first_ms,
                )
            case "settled":
                self._mover.move(transaction, entry, wanted, settled_at_ms=file.settles_at_ms)
            case "canceled":
                self._mover.move(transaction, entry, wanted, failure=f"file_rejected: {file.rejected_for}")
            case _:
                self._mover.move(transaction, entry, wanted)

    def _finish(self, transaction: Transaction, seen: AchFile) -> AchFile:
        file = transaction.get(AchFile, seen.id)
        if file is None:
            return seen
        if file.status != seen.status or file.spread == file.status:
            return file
        next_at_ms = (
            file.settles_at_ms if file.status in WAITING else transaction.now_ms if file.status == "built" else 0
        )
        return write_file(transaction, self._origin, file, spread=file.status, next_at_ms=next_at_ms)


def count_debit(
    transaction: Transaction,
    originated_at_ms: int,
    *,
    originated: int = 0,
    unauthorized: int = 0,
    administrative: int = 0,
    returned: int = 0,
) -> None:
    """Add to the day on which a debit was originated: Nacha's rates go by that day, whenever the return comes."""
    day_id = local_time(originated_at_ms).date().isoformat()
    known = transaction.get(DebitDay, day_id)
    day = DebitDay(id=day_id) if known is None else known
    transaction.put(
        DebitDay(
            id=day_id,
            originated=day.originated + originated,
            unauthorized=day.unauthorized + unauthorized,
            administrative=day.administrative + administrative,
            returned=day.returned + returned,
        )
    )
