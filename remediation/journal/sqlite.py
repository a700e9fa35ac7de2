"""The journal in one SQLite file: one worker thread, group commit, every commit fsynced."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from remediation.errors import JournalError, JournalFailed, JournalFull, JournalUnusable
from remediation.journal import admission
from remediation.journal.entry import Draft, Entry, Head, Lease, seal
from remediation.journal.port import READ_LIMIT
from remediation.journal.schema import APPLICATION_ID, CREATE, INSERT, SCHEMA_VERSION, SELECT_AFTER

GROUP_LIMIT = 256
"""Appends in one commit; a larger group would make its first member wait for more than about 10 ms."""

PAGES_MAX = 2_097_152
"""8 GiB of 4 KiB pages, some ten million entries: then acting stops, before the disk of the ledger is full."""

BUSY_SECONDS = 2.0
"""How long a commit waits for another process (`audit tail`, a backup) that holds the file."""

Answer = TypeVar("Answer")


class SqliteJournal:
    """Journal and Leases in SQLite: WAL, synchronous=FULL. Open with `open`, end with `close`.

    All SQLite work runs in one own thread, so the event loop never waits for the disk. Appends that gather while a
    commit runs share the next one. A cancelled append may or may not be written: read the head to know.
    """

    def __init__(self, connection: sqlite3.Connection, worker: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._worker = worker
        self._waiting: deque[_Append] = deque()

    @classmethod
    async def open(cls, path: Path, *, pages_max: int = PAGES_MAX) -> Self:
        """Open or create the file. Raises JournalUnusable for another program's file or a newer version's."""
        worker = ThreadPoolExecutor(1, thread_name_prefix="journal")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(worker, _connect, path, pages_max)
        except BaseException:
            worker.shutdown(wait=False)
            raise
        return cls(connection, worker)

    async def close(self) -> None:
        """Finish what was handed in, then close the file."""
        await self._run(self._connection.close)
        self._worker.shutdown(wait=True)

    async def head(self) -> Head:
        """See Journal."""
        return await self._run(lambda: _head(self._connection))

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """See Journal."""
        append = _Append(draft, expected_sequence, epoch)
        self._waiting.append(append)
        # Calls run in order and each takes at least one append off the queue, so this one is done when its call is.
        await self._run(self._commit_group)
        return append.answer()

    async def read(self, after: int, limit: int) -> list[Entry]:
        """See Journal."""
        bounded = min(max(limit, 0), READ_LIMIT)
        return await self._run(lambda: _read(self._connection, after, bounded))

    async def acquire_lease(self, holder: str, ttl_ms: int, now_ms: int) -> Lease:
        """See Leases."""
        return await self._change_lease(
            lambda lease: admission.grant(lease, holder=holder, ttl_ms=ttl_ms, now_ms=now_ms)
        )

    async def renew_lease(self, lease: Lease, ttl_ms: int, now_ms: int) -> Lease:
        """See Leases."""
        return await self._change_lease(
            lambda current: admission.extend(current, mine=lease, ttl_ms=ttl_ms, now_ms=now_ms)
        )

    async def release_lease(self, lease: Lease) -> None:
        """See Leases."""
        await self._change_lease(lambda current: admission.give_up(current, mine=lease))

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        def translated() -> Answer:
            with _faults():
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._worker, translated)

    async def _change_lease(self, change: Callable[[Lease], Lease]) -> Lease:
        def work() -> Lease:
            with _transaction(self._connection):
                lease = change(_lease(self._connection))
                self._connection.execute(
                    "UPDATE lease SET epoch = ?, holder = ?, until_ms = ?", (lease.epoch, lease.holder, lease.until_ms)
                )
            return lease

        return await self._run(work)

    def _commit_group(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_LIMIT))]
        if not group:
            return
        try:
            with _faults(), _transaction(self._connection):
                self._write(group)
        except JournalError as fault:
            for append in group:
                append.fail(fault)

    def _write(self, group: list["_Append"]) -> None:
        head = _head(self._connection)
        lease = _lease(self._connection)
        for append in group:
            entry = append.seal(head, lease)
            if entry is not None:
                self._connection.execute(INSERT, _row(entry))
                head = Head(entry.sequence, entry.hash)
        self._connection.execute("UPDATE head SET sequence = ?, hash = ?", (head.sequence, head.hash))


class _Append:
    """One append that waits for its commit, and then its answer; handed from the loop to the worker thread."""

    def __init__(self, draft: Draft, expected_sequence: int | None, epoch: int) -> None:
        self._draft = draft
        self._expected_sequence = expected_sequence
        self._epoch = epoch
        self._entry: Entry | None = None
        self._fault: JournalError | None = None

    def seal(self, head: Head, lease: Lease) -> Entry | None:
        """The entry that follows head, or None when the append is refused, which fails no other of its group."""
        try:
            admission.admit(head, lease, expected_sequence=self._expected_sequence, epoch=self._epoch)
        except JournalError as refusal:
            self._fault = refusal
            return None
        self._entry = seal(self._draft, sequence=head.sequence + 1, epoch=self._epoch, previous_hash=head.hash)
        return self._entry

    def fail(self, fault: JournalError) -> None:
        """The commit failed, so nothing of the group was written; a refusal keeps its own reason."""
        if self._fault is None:
            self._fault = fault

    def answer(self) -> Entry:
        """The entry that is on disk, or the reason why none is."""
        if self._fault is not None:
            raise self._fault
        if self._entry is None:
            raise JournalFailed("the commit did not run")
        return self._entry


def _connect(path: Path, pages_max: int) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=True)
    except sqlite3.Error as fault:
        raise JournalUnusable(f"{path}: {fault}") from fault
    try:
        _prepare(connection, path, pages_max)
    except sqlite3.Error as fault:
        connection.close()
        raise JournalUnusable(f"{path}: {fault}") from fault
    except JournalUnusable:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, pages_max: int) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application_id != APPLICATION_ID:
        raise JournalUnusable(f"{path} is the database of another program.")
    if version > SCHEMA_VERSION:
        raise JournalUnusable(f"{path} has version {version}, this program knows {SCHEMA_VERSION}.")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA max_page_count = {pages_max:d}")
    if not tables:
        with _transaction(connection):
            for statement in CREATE:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite rolls back by itself on some faults, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        if getattr(fault, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise JournalFull(str(fault)) from fault
        raise JournalFailed(str(fault)) from fault


def _head(connection: sqlite3.Connection) -> Head:
    sequence, digest = connection.execute("SELECT sequence, hash FROM head").fetchone()
    return Head(sequence, digest)


def _lease(connection: sqlite3.Connection) -> Lease:
    epoch, holder, until_ms = connection.execute("SELECT epoch, holder, until_ms FROM lease").fetchone()
    return Lease(epoch=epoch, holder=holder, until_ms=until_ms)


def _read(connection: sqlite3.Connection, after: int, limit: int) -> list[Entry]:
    return [entry_of(row) for row in connection.execute(SELECT_AFTER, (after, limit))]


def _row(entry: Entry) -> tuple[int, int, int, str, str, str, str, str]:
    return (
        entry.sequence,
        entry.epoch,
        entry.at_ms,
        entry.kind,
        entry.actor,
        bytes(entry.body).decode(),
        entry.previous_hash,
        entry.hash,
    )


def entry_of(row: tuple[int, int, int, str, str, str, str, str]) -> Entry:
    """The entry that a selected row holds, unchecked."""
    sequence, epoch, at_ms, kind, actor, body, previous_hash, digest = row
    return Entry(
        sequence=sequence,
        epoch=epoch,
        at_ms=at_ms,
        kind=kind,
        actor=actor,
        body=msgspec.Raw(body.encode()),
        previous_hash=previous_hash,
        hash=digest,
    )
