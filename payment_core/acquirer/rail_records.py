"""What the simulated rail remembers, in a file or in memory: instructions by reference, and notices of disputes."""

import asyncio
import sqlite3
from functools import partial
from pathlib import Path
from typing import Protocol, cast

import msgspec

from payment_core.acquirer.port import DisputeOutcome, RailDispute
from payment_core.clock import Clock
from payment_core.errors import DatabaseUnusable
from payment_core.store.sqlite.writer import GroupWriter

_SCHEMA = """
CREATE TABLE IF NOT EXISTS instructions (
    reference TEXT PRIMARY KEY, "order" TEXT NOT NULL, method TEXT NOT NULL, amount_cents INTEGER NOT NULL,
    verdict TEXT NOT NULL, code TEXT NOT NULL, decided_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notices (
    sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL, original TEXT NOT NULL, outcome TEXT NOT NULL,
    amount_cents INTEGER NOT NULL, reason TEXT NOT NULL, UNIQUE (reference, outcome)
) STRICT;
"""


class Decided(msgspec.Struct, frozen=True, gc=False):
    """One remembered instruction. decided_at_ms: until then its status is unknown."""

    reference: str
    order: str
    method: str
    amount_cents: int
    verdict: str
    code: str
    decided_at_ms: int


class RailRecords(Protocol):
    """Where the rail keeps what it decided; all processes of the core see one rail."""

    async def find(self, reference: str) -> Decided | None:
        """The instruction, or None when it was never seen."""
        ...

    async def keep(self, decided: Decided) -> Decided:
        """Remember it unless its reference is known; returns what stands."""
        ...

    async def tell(self, notice: RailDispute) -> None:
        """Add the notice under the next sequence, once for each dispute and outcome."""
        ...

    async def notices(self, after: int, limit: int) -> list[RailDispute]:
        """Notices in order, from the one that follows."""
        ...


class MemoryRecords:
    """Forgotten with the process; for measurements and tests."""

    def __init__(self) -> None:
        self._decided: dict[str, Decided] = {}
        self._notices: list[RailDispute] = []

    async def find(self, reference: str) -> Decided | None:
        """The instruction, or None."""
        return self._decided.get(reference)

    async def keep(self, decided: Decided) -> Decided:
        """What stands under the reference."""
        return self._decided.setdefault(decided.reference, decided)

    async def tell(self, notice: RailDispute) -> None:
        """Add the notice once."""
        if all((known.reference, known.outcome) != (notice.reference, notice.outcome) for known in self._notices):
            self._notices.append(msgspec.structs.replace(notice, sequence=len(self._notices) + 1))

    async def notices(self, after: int, limit: int) -> list[RailDispute]:
        """Notices in order."""
        return self._notices[after : after + limit]


class _Batch:
    """One transaction on the rail's own file; nothing is gathered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def flush(self) -> None:
        """Every record was written at once."""


class FileRecords:
    """In a file of their own, so all processes see one rail and a restart forgets nothing.

    They survive a crash of the process, not of the machine.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._writer = GroupWriter(
            connect=self._connect, open_batch=_Batch, on_commit=_ignore_commit, clock=clock, name="rail-writer"
        )

    async def open(self) -> None:
        """Create the records if they are missing and start the thread that keeps them."""
        await asyncio.get_running_loop().run_in_executor(None, self._prepare)
        self._writer.start()

    async def close(self) -> None:
        """Stop the thread that keeps the records."""
        await self._writer.close()

    async def find(self, reference: str) -> Decided | None:
        """The instruction, or None."""
        return cast("Decided | None", await self._writer.write(partial(_find, reference=reference)))

    async def keep(self, decided: Decided) -> Decided:
        """What stands under the reference."""
        return cast("Decided", await self._writer.write(partial(_keep, decided=decided)))

    async def tell(self, notice: RailDispute) -> None:
        """Add the notice once."""
        await self._writer.write(partial(_tell, notice=notice))

    async def notices(self, after: int, limit: int) -> list[RailDispute]:
        """Notices in order."""
        return cast("list[RailDispute]", await self._writer.write(partial(_notices, after=after, limit=limit)))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout=1000")
        connection.execute("PRAGMA journal_mode=WAL")
        # Written data survives the process without a sync, and this file stands for another company's computer.
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    def _prepare(self) -> None:
        try:
            connection = self._connect()
            connection.executescript(_SCHEMA)
            connection.close()
        except sqlite3.Error as error:
            raise DatabaseUnusable(f"{self._path}: {error}") from error


def _find(batch: _Batch, *, reference: str) -> Decided | None:
    row = batch.connection.execute("SELECT * FROM instructions WHERE reference = ?", (reference,)).fetchone()
    return None if row is None else Decided(*row)


def _keep(batch: _Batch, *, decided: Decided) -> Decided:
    known = _find(batch, reference=decided.reference)
    if known is not None:
        return known
    batch.connection.execute("INSERT INTO instructions VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(decided))
    return decided


def _tell(batch: _Batch, *, notice: RailDispute) -> None:
    batch.connection.execute(
        "INSERT OR IGNORE INTO notices (reference, original, outcome, amount_cents, reason) VALUES (?, ?, ?, ?, ?)",
        (notice.reference, notice.original, notice.outcome, notice.amount_cents, notice.reason),
    )


def _notices(batch: _Batch, *, after: int, limit: int) -> list[RailDispute]:
    rows: list[tuple[int, str, str, DisputeOutcome, int, str]] = batch.connection.execute(
        "SELECT sequence, reference, original, outcome, amount_cents, reason FROM notices"
        " WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (after, limit),
    ).fetchall()
    return [
        RailDispute(
            sequence=sequence,
            reference=reference,
            original=original,
            outcome=outcome,
            amount_cents=cents,
            reason=reason,
        )
        for sequence, reference, original, outcome, cents, reason in rows
    ]


def _ignore_commit(_batch: _Batch, _writes: int, _commit_ms: float) -> None:
    """The rail's own commits are not measured."""
