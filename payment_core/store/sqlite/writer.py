"""One thread that writes: it commits together whatever has gathered, and answers after the commit is durable."""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import structlog

from payment_core.clock import Clock
from payment_core.errors import StoreBusy, StoreClosed, StoreUnwritable
from payment_core.store.sqlite.write_lock import WriteLock

log = structlog.get_logger()

WAITING_MAX = 10_000
"""Writes that may wait: at 5,000 a second two seconds' worth, a few MB; more is refused, not queued."""

GROUP_MAX = 512
"""Writes in one commit: above this the commit takes longer (30 ms) than what waiting together saves."""

BEGIN_ATTEMPTS_MAX = 10
"""With SQLite's own wait of 1 s each: after 10 s another process holds the file and callers are told."""


_PRIMARY = 0xFF
"""Of an extended result code of SQLite, the part that says what kind it is."""

_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


class Batch(Protocol):
    """What one transaction gathers besides its statements."""

    def flush(self) -> None:
        """Write what was gathered; called once, right before the commit."""
        ...


B = TypeVar("B", bound=Batch)


class _Item(Generic[B]):
    """One write and who waits for it; the future belongs to the event loop's thread."""

    __slots__ = ("answer", "fault", "future", "work")

    def __init__(self, work: Callable[[B], object], future: "asyncio.Future[object]") -> None:
        self.work = work
        self.future = future
        self.answer: object = None
        self.fault: Exception | None = None

    def attempt(self, batch: B) -> None:
        """Run the work; what it raises is for whoever waits, and no concern of the others in the group."""
        self.fault = None
        try:
            self.answer = self.work(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is handed to whoever asked for the write
            self.fault = error


class GroupWriter(Generic[B]):
    """Runs writes in order on one connection, many per commit.

    A write is a function of the batch. One that raises has to leave the batch as it was; the others of its group go
    on. It may be run twice (when the group cannot be committed, each is run alone), so it must touch nothing but the
    batch. on_commit is called on the writer thread after every commit, with the batch, the number of writes and the
    milliseconds the commit took. lock: taken around each commit where several processes write the file.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], sqlite3.Connection],
        open_batch: Callable[[sqlite3.Connection], B],
        on_commit: Callable[[B, int, float], None],
        clock: Clock,
        name: str,
        lock: WriteLock | None = None,
    ) -> None:
        self._connect = connect
        self._lock = lock
        self._open_batch = open_batch
        self._on_commit = on_commit
        self._clock = clock
        self._waiting: deque[_Item[B]] = deque()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._idle = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def start(self) -> None:
        """Start the thread; answers go to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def write(self, work: Callable[[B], object]) -> object:
        """Run the work in a transaction and return its answer once that is durable.

        Raises what the work raises; StoreBusy when too much waits or the file stays locked; StoreClosed.
        """
        if self._closed or self._loop is None:
            raise StoreClosed
        if len(self._waiting) >= WAITING_MAX:
            raise StoreBusy(f"{WAITING_MAX} writes wait.")
        item: _Item[B] = _Item(work, self._loop.create_future())
        self._waiting.append(item)
        if self._idle:
            self._idle = False
            self._wake.put(None)
        return await item.future

    @property
    def closed(self) -> bool:
        """Whether nothing can be written any more: it was closed, or it died."""
        return self._closed

    async def close(self) -> None:
        """Finish what waits, then end the thread; idempotent."""
        if not self._closed and self._loop is not None:
            self._closed = True
            self._wake.put(None)
            await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        connection = self._connect()
        if self._lock is not None:
            self._lock.open()
        try:
            while self._wait():
                self._commit_group(connection)
        except Exception:
            log.exception("the writer died; nothing is written any more", action="writer_died")
            self._refuse_all()
        finally:
            connection.close()
            if self._lock is not None:
                self._lock.close()

    def _refuse_all(self) -> None:
        """Whoever waits, and whoever comes, is told at once that nothing is written here any more."""
        self._closed = True
        items = list(self._waiting)
        for item in items:
            item.fault = StoreClosed()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_deliver, items)

    def _wait(self) -> bool:
        """Until something waits; False when the writer was closed and nothing does.

        A writer at work is not woken for each write: that would cost a switch of threads for every one of them.
        """
        while not self._waiting:
            if self._closed:
                return False
            self._idle = True
            # Whoever came before this was set did not wake us; a wake-up too many only looks again.
            if not self._waiting and not self._closed:
                self._wake.get()
            self._idle = False
        return True

    def _gather(self) -> list[_Item[B]]:
        """What waits, up to a group."""
        waiting = self._waiting
        return [waiting.popleft() for _ in range(min(len(waiting), GROUP_MAX))]

    def _commit_group(self, connection: sqlite3.Connection) -> None:
        """Commit what has gathered by the time it is our turn to write the file."""
        if self._lock is not None:
            self._lock.acquire()
        try:
            items = self._gather()
            self._commit(connection, items)
        finally:
            if self._lock is not None:
                self._lock.release()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_deliver, items)

    def _commit(self, connection: sqlite3.Connection, items: list[_Item[B]]) -> None:
        try:
            self._transact(connection, items)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is handed to whoever asked for the write
            if len(items) == 1 or isinstance(error, StoreBusy):
                for item in items:
                    item.fault = error
            else:
                for item in items:
                    self._commit_alone(connection, item)

    def _commit_alone(self, connection: sqlite3.Connection, item: _Item[B]) -> None:
        try:
            self._transact(connection, [item])
        except Exception as error:  # noqa: BLE001 - see _commit_group
            item.fault = error

    def _transact(self, connection: sqlite3.Connection, items: list[_Item[B]]) -> None:
        started_ms = self._clock.monotonic_ms()
        try:
            self._begin(connection)
            batch = self._open_batch(connection)
            for item in items:
                item.attempt(batch)
            batch.flush()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._on_commit(batch, len(items), self._clock.monotonic_ms() - started_ms)

    def _begin(self, connection: sqlite3.Connection) -> None:
        for attempt in range(1, BEGIN_ATTEMPTS_MAX + 1):
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                log.warning("database is locked", action="database_locked", attempt=attempt)
            else:
                return
        raise StoreBusy


def _deliver(items: list[_Item[B]]) -> None:
    """Hand out the answers, on the event loop's thread; who stopped waiting is passed over."""
    for item in items:
        if item.future.done():
            continue
        if item.fault is None:
            item.future.set_result(item.answer)
        else:
            item.future.set_exception(_told(item.fault))


def _told(fault: Exception) -> Exception:
    """The fault as callers are told of it: no room on the disk is one that passes."""
    if isinstance(fault, sqlite3.OperationalError) and (fault.sqlite_errorcode & _PRIMARY) in _NO_ROOM:
        log.error("the database cannot be written", action="database_unwritable", fault=fault.sqlite_errorname)
        return StoreUnwritable(fault.sqlite_errorname)
    return fault
