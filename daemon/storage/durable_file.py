"""One SQLite file (WAL, synchronous=FULL) and the one thread that works on it."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from daemon.errors import DaemonError

Answer = TypeVar("Answer")


class DurableFile:
    """Everything that touches the database runs through run or submit, in one thread, and needs no lock.

    fault: raised, with the path and the cause, when the disk or the file does not do its part.
    """

    database: sqlite3.Connection

    def __init__(self, path: Path, fault: type[DaemonError]) -> None:
        self._path = path
        self._fault = fault
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=path.stem)

    async def open(self, schema: str) -> None:
        """Open or make the file; schema has to be free to run again."""
        try:
            await self.run(lambda: self._connect(schema))
        except self._fault:
            self._worker.shutdown(wait=False)
            raise

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Do the work in the file's thread."""
        try:
            return await self.submit(work)
        except (sqlite3.Error, msgspec.MsgspecError, OSError) as cause:
            raise self._fault(f"{self._path}: {cause}") from cause

    def submit(self, work: Callable[[], Answer]) -> "asyncio.Future[Answer]":
        """Hand the work to the file's thread and do not wait; what it raises is passed on as it is."""
        return asyncio.get_running_loop().run_in_executor(self._worker, work)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Within the work: all of the block or nothing."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.database.execute("COMMIT")
        finally:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")

    async def close(self) -> None:
        """Finish what was handed over and close the file."""
        await self.run(self.database.close)
        self._worker.shutdown(wait=False)

    def _connect(self, schema: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.executescript(schema)
        except sqlite3.Error:
            database.close()
            raise
        self.database = database
