"""Reads the export again and looks each record up, and walks the store's rows from the other end."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import cast

import msgspec

from payment_core.migration.engine.quarantine import quarantine_id
from payment_core.migration.engine.reading import batches, everything
from payment_core.migration.engine.source import Source
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import START, Read, Record
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.jobs.history.bodies import POSTED, Posted, decoded, money_of
from payment_core.migration.jobs.history.recipe import balance_account, owner_of
from payment_core.migration.jobs.port import Job, Place, Refused, place_of, row_of
from payment_core.migration.model import Historical, Moved, Opened, Quarantined
from payment_core.migration.names import JOB_OF, JobName
from payment_core.migration.reconciling.folding import KindFold
from payment_core.store.dynamodb.errors import TransactionTooLarge
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing
from payment_core.store.walking import every

PAGE = 500
HISTORY = frozenset(kind for kind, job in JOB_OF.items() if job is JobName.TRANSACTION_HISTORY)

OnRead = Callable[[Kind, int], None]
Balances = dict[tuple[str, str], int]
"""Net by ledger account and currency, minor units."""


class Looked(msgspec.Struct, frozen=True):
    """What one look into the store found. places: of the rows; found: for the job; waits: which are in quarantine."""

    places: list[Place | None]
    found: list[object]
    waits: list[bool]


class Walks:
    """Both walks of one kind. exported: what the export says of balances; fed: what came since.

    opened: by account, out of the opening balances that were walked before, not out of what a job noted of them.
    """

    def __init__(self, store: LedgerStore, jobs: Mapping[JobName, Job], actor: str) -> None:
        self._store = store
        self._jobs = jobs
        self._actor = actor
        self._page = PAGE
        self.exported_balances: Balances = {}
        self.fed_balances: Balances = {}
        self.opened: dict[str, Opened] = {}

    async def exported(self, kind: Kind, source: Source, fold: KindFold, on_read: OnRead) -> int:
        """From the export's end; the time that its records are of, 0 when there are none."""
        occurred_at_ms = 0
        reading = batches(source, (kind,), None, START, PAGE, everything)
        async with aclosing(reading):
            async for reads in reading:
                times = [read.occurred_at_ms for read in reads if isinstance(read, Record)]
                occurred_at_ms = max([occurred_at_ms, *times])
                await self._compare(kind, reads, fold)
                on_read(kind, len(reads))
        return occurred_at_ms

    async def rows(self, kind: Kind, fold: KindFold, occurred_at_ms: int) -> None:
        """From the store's end: rows of this export are counted; of the others, what they did to balances is noted."""
        try:
            async for row in self._of_kind(kind):
                if row.undone_at_ms == 0:
                    self._row(kind, row, fold, occurred_at_ms)
        except msgspec.MsgspecError as error:
            fold.cut(error)

    def _row(self, kind: Kind, row: Moved | Historical, fold: KindFold, occurred_at_ms: int) -> None:
        if row.occurred_at_ms == occurred_at_ms:
            amount, currency = (row.amount, row.currency) if isinstance(row, Historical) else (0, "")
            fold.row(amount, currency)
        elif kind in POSTED and isinstance(row, Historical):
            _add(self.fed_balances, cast("Posted", decoded(kind, row.body)), row.currency)
        if kind in POSTED and isinstance(row, Historical):
            self._hold_against_opening(kind, row, fold)

    def _hold_against_opening(self, kind: Kind, row: Historical, fold: KindFold) -> None:
        """What was posted and is of before its account's opening balance is counted twice."""
        if kind is not Kind.OPENING_BALANCES and not self.opened:
            return
        body = cast("Posted", decoded(kind, row.body))
        account = owner_of(body.account)
        opened = self.opened.get(account)
        if isinstance(body, OpeningBalance):
            as_of = {} if opened is None else opened.as_of
            self.opened[account] = Opened(id=account, as_of={**as_of, row.currency: body.as_of})
        elif opened is not None and body.created < opened.since(row.currency):
            fold.counted_twice(row.id, opened.since(row.currency), body.created)

    async def _compare(self, kind: Kind, reads: Sequence[Read], fold: KindFold) -> None:
        """In as many looks as the store needs."""
        for start in range(0, len(reads), self._page):
            part = reads[start : start + self._page]
            try:
                await self._compare_part(kind, part, fold)
            except TransactionTooLarge:
                if len(part) == 1:
                    raise
                self._page = len(part) // 2
                await self._compare(kind, reads[start:], fold)
                return
            except msgspec.MsgspecError as error:
                await self._find_unreadable(kind, part, fold, error)

    async def _find_unreadable(
        self, kind: Kind, reads: Sequence[Read], fold: KindFold, error: msgspec.MsgspecError
    ) -> None:
        """Which of these records has a row whose bytes are none."""
        if len(reads) == 1:
            fold.unreadable(quarantine_id(reads[0]), error)
            return
        half = len(reads) // 2
        await self._compare(kind, reads[:half], fold)
        await self._compare(kind, reads[half:], fold)

    async def _compare_part(self, kind: Kind, reads: Sequence[Read], fold: KindFold) -> None:
        job = self._jobs[JOB_OF[kind]]
        names = [quarantine_id(read) for read in reads]
        expected = await job.expect(reads)
        refused = [isinstance(one, Refused) for one in expected]
        looked = await self._store.transact(
            lambda transaction: _look(transaction, job, reads, names, refused), self._actor
        )
        stored = await job.lines(names, looked.found)
        for read, ours, place, theirs, waits in zip(reads, expected, looked.places, stored, looked.waits, strict=True):
            if isinstance(ours, Refused):
                fold.refused(quarantine_id(read), place_of(read), place, waits=waits)
                continue
            record = cast("Record", read)
            is_row = fold.exported(place_of(record), ours, place, theirs, waits=waits)
            if is_row and isinstance(record.body, Posted):
                _add(self.exported_balances, record.body, ours.currency)

    async def _of_kind(self, kind: Kind) -> AsyncGenerator[Moved | Historical, None]:
        prefix = f"{kind.value}:"
        if kind in HISTORY:
            async for past in every(self._store, Listing(Historical, after=prefix, limit=PAGE)):
                if not past.id.startswith(prefix):
                    return
                yield past
            return
        async for moved in every(self._store, Listing(Moved, after=prefix, limit=PAGE)):
            if not moved.id.startswith(prefix):
                return
            yield moved


def _look(
    transaction: Transaction, job: Job, reads: Sequence[Read], names: Sequence[str], refused: Sequence[bool]
) -> Looked:
    places = [_place(transaction, read, name) for read, name in zip(reads, names, strict=True)]
    waits = [
        (cannot or place is None or place < place_of(read)) and _waits(transaction, name)
        for read, name, place, cannot in zip(reads, names, places, refused, strict=True)
    ]
    return Looked(places, job.find(transaction, names, ""), waits)


def _place(transaction: Transaction, read: Read, name: str) -> Place | None:
    row = row_of(transaction, read.kind, name)
    return None if row is None else place_of(row)


def _waits(transaction: Transaction, name: str) -> bool:
    entry = transaction.get(Quarantined, name)
    return entry is not None and entry.resolved_at_ms == 0


def _add(balances: Balances, body: Posted, currency: str) -> None:
    key = (balance_account(body.account), currency)
    balances[key] = balances.get(key, 0) + money_of(body)[0]
