"""The payment store on SQLite: one writer thread with group commit, one reader, and one that reads the books."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from payment_core.clock import Clock
from payment_core.errors import DatabaseUnusable, StoreClosed
from payment_core.ledger.posting import Balances
from payment_core.store.port import AccountKey, AccountRow, DocumentPage, OutboxRow, PostedJournal, Work
from payment_core.store.records import Query, Record
from payment_core.store.sqlite.batch import SqliteBatch
from payment_core.store.sqlite.reading import Reading
from payment_core.store.sqlite.tables import create_tables, open_for_reading, open_for_writing
from payment_core.store.sqlite.write_lock import WriteLock
from payment_core.store.sqlite.writer import GroupWriter
from payment_core.store.stage import Registry
from payment_core.store.totals import Totals
from payment_core.store.trail import AuditRow

R = TypeVar("R", bound=Record)
T = TypeVar("T")

OnCommit = Callable[[int, int, float], None]
"""Called on the event loop after a commit: events published, writes in the group, milliseconds it took."""


def ignore_commit(_published: int, _writes: int, _commit_ms: float) -> None:
    """Nobody counts."""


class SqliteStore:
    """LedgerStore, Books and Outbox on one file in WAL mode; several processes may hold a store on the same file."""

    def __init__(
        self, *, path: Path, registry: Registry, producer: str, clock: Clock, on_commit: OnCommit = ignore_commit
    ) -> None:
        self._path = path
        self._registry = registry
        self._on_commit = on_commit
        lock = WriteLock(path.with_name(f"{path.name}.lock"))
        self._writer = GroupWriter(
            connect=lambda: open_for_writing(path),
            open_batch=lambda connection: SqliteBatch(connection, registry, producer, clock.now_ms()),
            on_commit=self._committed,
            clock=clock,
            name="payments-writer",
            lock=lock,
        )
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="payments-reader")
        self._reading: Reading | None = None
        # What reads the books reads long: payments do not stand in one queue with it.
        self._auditor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="payments-auditor")
        self._auditing: Reading | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Create what is missing and start the threads; raises DatabaseUnusable."""
        self._loop = asyncio.get_running_loop()
        self._reading = await self._loop.run_in_executor(self._reader, self._prepare)
        self._auditing = await self._loop.run_in_executor(self._auditor, self._open_reading)
        self._writer.start()

    async def close(self) -> None:
        """Finish the writes that wait, then close every connection."""
        await self._writer.close()
        for executor, reading in ((self._reader, self._reading), (self._auditor, self._auditing)):
            if reading is not None and self._loop is not None:
                await self._loop.run_in_executor(executor, reading.close)
            executor.shutdown()
        self._reading = self._auditing = None

    async def transact(self, work: Work[T], actor: str) -> T:
        """Run the work in a transaction; its answer comes once the changes are durable."""
        return cast("T", await self._writer.write(lambda batch: batch.run(work, actor)))

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """The committed record."""
        return cast("R | None", await self._read(partial(Reading.record, record_type=record_type, record_id=record_id)))

    async def query(self, query: Query[R]) -> list[R]:
        """Committed records of one kind."""
        return await self._read(lambda reading: reading.query(query))

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's committed totals."""
        return await self._read(partial(Reading.account, account_id=account_id, currency=currency))

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting."""
        return await self._look_up(partial(Reading.journals, after=after, limit=limit))

    async def accounts(self, after: AccountKey, limit: int) -> list[AccountRow]:
        """Accounts by id and currency."""
        return await self._look_up(partial(Reading.accounts, after=after, limit=limit))

    async def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        """Those of these accounts that there are."""
        return await self._look_up(partial(Reading.accounts_of, keys=keys))

    async def totals(self) -> Totals:
        """All accounts together, as they were at one moment."""
        return await self._look_up(Reading.totals)

    async def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of the one shard there is."""
        return await self._look_up(partial(Reading.audit, shard=shard, after=after, limit=limit))

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        """The head of the one shard there is."""
        return await self._look_up(Reading.audit_heads)

    async def journals_of(self, shard: int, after: int, limit: int) -> list[PostedJournal]:
        """All journals are of the one shard there is."""
        return await self.journals(after, limit) if shard == 0 else []

    async def event_times(self, rows: Sequence[AuditRow], changes_before: int) -> list[int]:
        """When the events of these changes were written."""
        return await self._look_up(partial(Reading.event_times, rows=rows, changes_before=changes_before))

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Records of a kind, in the order of their ids."""
        return await self._look_up(partial(Reading.documents, kind=kind, after=after, limit=limit))

    async def unsent(self, producer: str, limit: int) -> list[OutboxRow]:
        """The oldest events of this producer that no queue has taken."""
        return await self._read(partial(Reading.unsent, producer=producer, limit=limit))

    async def orphans(self, before_ms: int, limit: int) -> list[OutboxRow]:
        """Events of any producer that were left unsent since before this time."""
        return await self._read(partial(Reading.orphans, before_ms=before_ms, limit=limit))

    async def mark_sent(self, places: list[str]) -> None:
        """Remember that the queue took these events."""
        await self._writer.write(lambda batch: batch.mark_sent(places))

    async def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events from the one that follows."""
        return await self._read(partial(Reading.events, after=after, limit=limit))

    async def count_unsent(self) -> int:
        """Events that no queue has taken, of every producer."""
        return await self._read(Reading.count_unsent)

    async def newest_event(self) -> str:
        """The place of the outbox's last event; ``0`` when there is none."""
        return await self._read(Reading.newest_event)

    async def _read(self, work: Callable[[Reading], T]) -> T:
        return await self._in_thread(self._reader, self._reading, work)

    async def _look_up(self, work: Callable[[Reading], T]) -> T:
        return await self._in_thread(self._auditor, self._auditing, work)

    async def _in_thread(
        self, executor: ThreadPoolExecutor, reading: Reading | None, work: Callable[[Reading], T]
    ) -> T:
        # Who can read but not write would answer that it is ready.
        if reading is None or self._loop is None or self._writer.closed:
            raise StoreClosed
        return await self._loop.run_in_executor(executor, work, reading)

    def _prepare(self) -> Reading:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = open_for_writing(self._path)
            try:
                create_tables(connection)
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnusable(f"{self._path}: {error}") from error
        return self._open_reading()

    def _open_reading(self) -> Reading:
        return Reading(open_for_reading(self._path), self._registry)

    def _committed(self, batch: SqliteBatch, writes: int, commit_ms: float) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_commit, batch.published, writes, commit_ms)
