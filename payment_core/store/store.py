"""The payment store of one process: writes through the group writer, reads on a thread of their own."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from payment_core.clock import Clock
from payment_core.errors import DatabaseUnusable, StoreClosed
from payment_core.ledger.verify import LedgerReport, verify
from payment_core.store.batch import CoreBatch
from payment_core.store.schema import create_tables, open_for_reading, open_for_writing
from payment_core.store.writer import GroupWriter

T = TypeVar("T")

OnCommit = Callable[[int, int, float], None]
"""Called on the event loop after a commit: events published, writes in the group, milliseconds it took."""


class Store:
    """SQLite in WAL mode; several processes may hold a store on the same file."""

    def __init__(self, *, path: Path, producer: str, clock: Clock, on_commit: OnCommit) -> None:
        self._path = path
        self._producer = producer
        self._clock = clock
        self._on_commit = on_commit
        self._writer = GroupWriter(
            connect=lambda: open_for_writing(path),
            open_batch=lambda connection: CoreBatch(connection, producer, clock.now_ms()),
            on_commit=self._committed,
            clock=clock,
            name="payments-writer",
        )
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="payments-reader")
        self._reading: sqlite3.Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Create what is missing and start the threads; raises DatabaseUnusable."""
        self._loop = asyncio.get_running_loop()
        self._reading = await self._loop.run_in_executor(self._reader, self._prepare)
        self._writer.start()

    async def close(self) -> None:
        """Finish the writes that wait, then close both connections."""
        await self._writer.close()
        if self._reading is not None and self._loop is not None:
            await self._loop.run_in_executor(self._reader, self._reading.close)
            self._reading = None
        self._reader.shutdown()

    async def write(self, work: Callable[[CoreBatch], T]) -> T:
        """Run the work in a transaction; its answer comes once it is durable. The work may be run twice."""
        return cast("T", await self._writer.write(work))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run the work on the reading connection, after everything that was committed before."""
        connection = self._reading
        if connection is None or self._loop is None:
            raise StoreClosed
        return await self._loop.run_in_executor(self._reader, work, connection)

    async def verify_ledger(self) -> LedgerReport:
        """Check every invariant in one snapshot, on a thread and connection of its own: it reads the whole ledger."""
        return await asyncio.to_thread(verify, self._path)

    def _prepare(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = open_for_writing(self._path)
            try:
                create_tables(connection)
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnusable(f"{self._path}: {error}") from error
        return open_for_reading(self._path)

    def _committed(self, batch: CoreBatch, writes: int, commit_ms: float) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_commit, batch.published, writes, commit_ms)
