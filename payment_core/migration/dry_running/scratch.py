"""Bytes by key for as long as a dry run takes, in a file without a name: gone with the process, however it ends."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from payment_core.migration.errors import ScratchUnusable
from payment_core.store.stage import Key

T = TypeVar("T")

CACHE_KIB = 64 * 1024
"""Pages in memory; what is more lies on disk."""
PAGES_MAX = 2**28
"""Of 4 KiB, a terabyte: a full disk comes first."""

_TABLE = "CREATE TABLE kept (kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, id))"


class Scratch:
    """A private database of SQLite, which has no name and is opened by one thread. Raises ScratchUnusable.

    It lies where SQLITE_TMPDIR or TMPDIR says, else in /var/tmp, and grows about as the store would.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dry-run")
        self._connection: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        await self._on_thread(self._open)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._on_thread(self._close)
        self._thread.shutdown()

    async def get(self, keys: Collection[Key]) -> dict[Key, bytes]:
        """Those that are kept."""
        return await self._on_thread(lambda connection: _found(connection, keys))

    async def put(self, bodies: Mapping[Key, bytes]) -> None:
        """Keep all of them, in place of what was there."""
        rows = [(kind, name, body) for (kind, name), body in bodies.items()]
        await self._on_thread(lambda connection: _write(connection, rows))

    async def _on_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect("", isolation_level=None)
            return work(self._connection)
        except sqlite3.Error as error:
            raise ScratchUnusable(f"{error}; name a folder with room for a second store in SQLITE_TMPDIR.") from error

    def _open(self, connection: sqlite3.Connection) -> None:
        # Nothing of it outlives the process, so nothing is written for that.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA max_page_count = {PAGES_MAX}")
        connection.execute(f"{_TABLE} WITHOUT ROWID")

    def _close(self, connection: sqlite3.Connection) -> None:
        connection.close()


def _found(connection: sqlite3.Connection, keys: Collection[Key]) -> dict[Key, bytes]:
    found: dict[Key, bytes] = {}
    for key in keys:
        row = connection.execute("SELECT body FROM kept WHERE kind = ? AND id = ?", key).fetchone()
        if row is not None:
            found[key] = row[0]
    return found


def _write(connection: sqlite3.Connection, rows: list[tuple[str, str, bytes]]) -> None:
    connection.execute("BEGIN")
    connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
