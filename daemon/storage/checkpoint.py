"""The facts that were taken over, on disk before their messages are acknowledged, and each of them once."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec

from checks.facts import AnyFact, Fact
from daemon.errors import CheckpointFailed
from daemon.storage.durable_file import DurableFile
from daemon.storage.outbox_gaps import Received

MAX_REMEMBERED = 600_000
"""Facts kept within the horizon: about 75 MB of ids in memory and 270 MB on disk, an hour of 55 payments a second."""
CONTROL_HORIZON_MS = 48 * 3_600_000
"""Ids of facts outside an outbox are kept this long: EventBridge retries for 24 hours."""
MAX_CONTROL_IDS = 100_000
"""At most so many of them, the newest."""

PROBES = "probes"
"""The source of the daemon's own probes."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, source TEXT NOT NULL, size INTEGER NOT NULL,
    facts BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS control_ids (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS control_ids_by_age ON control_ids (at_ms);
CREATE TABLE IF NOT EXISTS totals (
    source TEXT PRIMARY KEY, consumed INTEGER NOT NULL, duplicates INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outboxes (producer TEXT PRIMARY KEY, stretches BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (producer TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (id TEXT NOT NULL, pruned_through INTEGER NOT NULL);
INSERT INTO log SELECT lower(hex(randomblob(8))), 0 WHERE NOT EXISTS (SELECT 1 FROM log);
"""
_ENCODER = msgspec.msgpack.Encoder()
_FACTS = msgspec.msgpack.Decoder(list[AnyFact])
_STRETCHES = msgspec.msgpack.Decoder(list[tuple[int, int]])


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """Since the checkpoint was made: distinct facts of one source, and facts of it that were known already."""

    consumed: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """by_source: the counts of each source. outboxes: by producer (its region), what of its outbox has arrived."""

    by_source: dict[str, SourceTotals] = field(default_factory=dict)
    outboxes: dict[str, Received] = field(default_factory=dict)

    @property
    def consumed(self) -> int:
        """Distinct facts of all sources."""
        return sum(totals.consumed for totals in self.by_source.values())

    @property
    def duplicates(self) -> int:
        """Facts of all sources that were known already."""
        return sum(totals.duplicates for totals in self.by_source.values())


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """The new facts of one record call. sequence: its place in the log. arrived_at_ms: the clock's time of the call."""

    sequence: int
    source: str
    arrived_at_ms: int
    blob: bytes

    @property
    def facts(self) -> list[AnyFact]:
        """The facts in order, decoded anew at every look, so that a whole horizon of them never is in memory."""
        return _FACTS.decode(self.blob)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The facts of one call that are new, in order, and the place in the log from which they can be read again."""

    facts: list[Fact]
    sequence: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a checkpoint holds: the batches of the horizon in order of arrival.

    log_id: this log's and no other's, so that a place in it means nothing in another one. pruned_through: the last
    place that was forgotten; 0 when none was.
    """

    batches: tuple[StoredBatch, ...]
    log_id: str
    pruned_through: int


@dataclass(slots=True)
class _Waiting:
    facts: Sequence[Fact]
    source: str
    now_ms: int
    answer: asyncio.Future[Recorded]


class Checkpoint:
    """SQLite (WAL, synchronous=FULL) behind one thread; calls that wait at the same time share one commit.

    horizon_ms: how long facts are kept for a restart; the longest window of any rule, or more. The limits above
    are applied by prune, which whoever owns the checkpoint calls every minute or so. Every method but
    totals raises CheckpointFailed when the disk does not do its part; nothing of that call is then remembered.
    producers: the outbox of a region that shares another one's; every other region has its own.
    """

    def __init__(self, path: Path, horizon_ms: int, producers: Mapping[str, str] | None = None) -> None:
        self._horizon_ms = horizon_ms
        self._producers = {} if producers is None else dict(producers)
        self._file = DurableFile(path, CheckpointFailed)
        self._pending: list[_Waiting] = []
        self._group: list[_Waiting] = []
        self._seen: set[str] = set()
        self._batches: deque[tuple[int, int, tuple[str, ...]]] = deque()
        self._totals = Totals()
        self._places: dict[str, str] = {}
        self._next = 1
        self._forgotten_until_ms = 0
        self._log_id = ""

    @classmethod
    async def open(cls, path: Path, horizon_ms: int, producers: Mapping[str, str] | None = None) -> Self:
        """Open or make the checkpoint; restore must follow before the first record."""
        checkpoint = cls(path, horizon_ms, producers)
        await checkpoint._file.open(_SCHEMA)
        return checkpoint

    @property
    def log_id(self) -> str:
        """This log's and no other's; empty before restore."""
        return self._log_id

    @property
    def newest_sequence(self) -> int:
        """The last place that was given away; every fact at a lower one can be read."""
        return self._next - 1

    async def restore(self, now_ms: int) -> Restored:
        """Read back what was recorded within the horizon, and learn the ids that are duplicates from now on."""
        await self.prune(now_ms)
        self._forgotten_until_ms = now_ms - self._horizon_ms
        return await self._file.run(self._load)

    async def record(self, facts: Sequence[Fact], source: str, now_ms: int) -> Recorded:
        """Store the facts that are new and return them, in order; they are on disk when this returns.

        Calls return in the order of their places in the log. One that is cancelled may still have stored its facts:
        whoever cancels must restore, or shield the call.
        """
        answer: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._pending.append(_Waiting(facts, source, now_ms, answer))
        self._start_commit()
        return await answer

    async def skip(self, producer: str, first: int, last: int) -> None:
        """Mark positions of an outbox that the producer itself does not have, so that nobody waits for them."""
        await self._file.run(lambda: self._skip(producer, first, last))

    def place(self, producer: str) -> str:
        """Up to where an outbox whose events have no sequence was compared; empty before the first time."""
        return self._places.get(producer, "")

    async def follow(self, producer: str, place: str) -> None:
        """Keep the place up to which everything has arrived."""
        await self._file.run(lambda: self._follow(producer, place))
        self._places[producer] = place

    async def missing(self, facts: Sequence[Fact]) -> list[Fact]:
        """Which of these facts are not stored, by their ids."""
        return await self._file.run(lambda: [fact for fact in facts if not self._is_stored(fact.id)])

    async def read(self, after: int, through: int, limit: int) -> list[StoredBatch]:
        """At most limit batches with places above after and up to through, oldest first."""
        return await self._file.run(lambda: self._read(after, through, limit))

    async def prune(self, now_ms: int) -> int:
        """Forget what lies beyond the horizon or the limits; return the number of facts that were dropped."""
        return await self._file.run(lambda: self._prune(now_ms))

    def totals(self) -> Totals:
        """The counts as of the last commit; does not wait."""
        return self._totals

    def received(self, producer: str) -> Received:
        """What has arrived of a producer's outbox, as of the last commit; does not wait."""
        known = self._totals.outboxes.get(producer)
        return Received() if known is None else known

    async def close(self) -> None:
        """Finish what waits and close the file."""
        while self._group or self._pending:
            await asyncio.wait([waiting.answer for waiting in self._pending + self._group])
        await self._file.close()

    def _start_commit(self) -> None:
        if self._group or not self._pending:
            return
        group, self._pending = self._pending, []
        self._group = group
        done = self._file.submit(lambda: self._commit(group))
        done.add_done_callback(lambda commit: self._answer(group, commit))

    def _answer(self, group: list[_Waiting], commit: "asyncio.Future[list[Recorded]]") -> None:
        self._group = []
        fault = commit.exception()
        for place, waiting in enumerate(group):
            if waiting.answer.done():
                continue
            if fault is None:
                waiting.answer.set_result(commit.result()[place])
            else:
                failed = CheckpointFailed(str(fault))
                failed.__cause__ = fault
                waiting.answer.set_exception(failed)
        self._start_commit()

    # What follows runs in the worker thread alone, which is why it needs no lock.

    def _load(self) -> Restored:
        batches: list[StoredBatch] = []
        self._seen.clear()
        self._batches.clear()
        self._log_id, pruned_through = self._file.database.execute("SELECT id, pruned_through FROM log").fetchone()
        rows = self._file.database.execute("SELECT sequence, at_ms, source, facts FROM batches ORDER BY sequence")
        for sequence, at_ms, source, blob in rows:
            facts: list[AnyFact] = _FACTS.decode(blob)
            batches.append(StoredBatch(sequence, source, at_ms, blob))
            self._remember(sequence, at_ms, facts)
        # A place is never given twice, or a snapshot would pass over the facts at it.
        self._next = max(self._next, pruned_through + 1, self._batches[-1][0] + 1 if self._batches else 1)
        if self._batches:
            # Ids of older facts were pruned: for those their place in the outbox decides.
            self._forgotten_until_ms = max(self._forgotten_until_ms, self._batches[0][1])
        self._totals = Totals(
            {
                source: SourceTotals(consumed, duplicates)
                for source, consumed, duplicates in self._file.database.execute("SELECT * FROM totals")
            },
            {
                producer: Received(_STRETCHES.decode(blob))
                for producer, blob in self._file.database.execute("SELECT * FROM outboxes")
            },
        )
        self._places = dict(self._file.database.execute("SELECT producer, place FROM places").fetchall())
        return Restored(tuple(batches), self._log_id, pruned_through)

    def _read(self, after: int, through: int, limit: int) -> list[StoredBatch]:
        rows = self._file.database.execute(
            "SELECT sequence, source, at_ms, facts FROM batches WHERE sequence > ? AND sequence <= ?"
            " ORDER BY sequence LIMIT ?",
            (after, through, limit),
        )
        return [StoredBatch(*row) for row in rows]

    def _remember(self, sequence: int, at_ms: int, facts: Sequence[Fact]) -> None:
        self._batches.append((sequence, at_ms, tuple(fact.id for fact in facts)))
        self._seen.update(fact.id for fact in facts)

    def _commit(self, group: list[_Waiting]) -> list[Recorded]:
        """Store the new facts of a group of calls in one transaction; remember them only when it is on disk."""
        fresh: set[str] = set()
        by_source = dict(self._totals.by_source)
        outboxes: dict[str, Received] = {}
        answers: list[Recorded] = []
        with self._file.transaction():
            for place, waiting in enumerate(group):
                new = [fact for fact in waiting.facts if self._take(fact, fresh, outboxes)]
                answers.append(Recorded(new, self._next + place))
                was = by_source.get(waiting.source, SourceTotals())
                by_source[waiting.source] = SourceTotals(
                    was.consumed + len(new), was.duplicates + len(waiting.facts) - len(new)
                )
                self._store(self._next + place, waiting, new)
            self._store_totals(group, by_source, outboxes)
        for waiting, recorded in zip(group, answers, strict=True):
            if recorded.facts:
                self._remember(recorded.sequence, waiting.now_ms, recorded.facts)
        self._next += len(group)
        self._totals = Totals(by_source, self._totals.outboxes | outboxes)
        return answers

    def _take(self, fact: Fact, fresh: set[str], outboxes: dict[str, Received]) -> bool:
        """Whether a fact is new; when it is, it is marked in what this transaction has seen."""
        if fact.id in self._seen or fact.id in fresh:
            return False
        if fact.sequence > 0:
            producer = self._producers.get(fact.region, fact.region)
            received = outboxes.get(producer)
            if received is None:
                received = outboxes[producer] = self.received(producer).copy()
            # The id of so old a fact is forgotten, but its place in the outbox is not.
            if fact.at_ms <= self._forgotten_until_ms and fact.sequence in received:
                return False
            received.add(fact.sequence)
        elif self._is_stored(fact.id):
            return False
        fresh.add(fact.id)
        return True

    def _store(self, sequence: int, waiting: _Waiting, new: list[Fact]) -> None:
        if not new:
            return
        self._file.database.execute(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?)",
            (sequence, waiting.now_ms, waiting.source, len(new), _ENCODER.encode(new)),
        )
        self._file.database.executemany(
            "INSERT OR REPLACE INTO control_ids VALUES (?, ?)",
            # A probe is made once and never delivered, so its id need not be kept.
            [(fact.id, waiting.now_ms) for fact in new if fact.sequence == 0 and waiting.source != PROBES],
        )

    def _store_totals(
        self, group: list[_Waiting], by_source: dict[str, SourceTotals], outboxes: dict[str, Received]
    ) -> None:
        self._file.database.executemany(
            "INSERT OR REPLACE INTO totals VALUES (?, ?, ?)",
            [
                (source, by_source[source].consumed, by_source[source].duplicates)
                for source in {waiting.source for waiting in group}
            ],
        )
        self._file.database.executemany(
            "INSERT OR REPLACE INTO outboxes VALUES (?, ?)",
            [(producer, _ENCODER.encode(received.stretches())) for producer, received in outboxes.items()],
        )

    def _skip(self, producer: str, first: int, last: int) -> None:
        received = self.received(producer).copy()
        received.add(first, last)
        with self._file.transaction():
            self._store_totals([], {}, {producer: received})
        self._totals = Totals(self._totals.by_source, self._totals.outboxes | {producer: received})

    def _follow(self, producer: str, place: str) -> None:
        with self._file.transaction():
            self._file.database.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (producer, place))

    def _is_stored(self, fact_id: str) -> bool:
        if fact_id in self._seen:
            return True
        return bool(self._file.database.execute("SELECT 1 FROM control_ids WHERE id = ?", (fact_id,)).fetchone())

    def _prune(self, now_ms: int) -> int:
        sizes = self._file.database.execute("SELECT sequence, at_ms, size FROM batches ORDER BY sequence DESC")
        kept = 0
        last_dropped = 0
        for sequence, at_ms, size in sizes:
            kept += size
            if kept > MAX_REMEMBERED or at_ms < now_ms - self._horizon_ms:
                last_dropped = sequence
                break
        with self._file.transaction():
            dropped = self._file.database.execute(
                "SELECT coalesce(sum(size), 0) FROM batches WHERE sequence <= ?", (last_dropped,)
            ).fetchone()[0]
            self._file.database.execute("DELETE FROM batches WHERE sequence <= ?", (last_dropped,))
            self._file.database.execute("UPDATE log SET pruned_through = max(pruned_through, ?)", (last_dropped,))
            self._file.database.execute("DELETE FROM control_ids WHERE at_ms < ?", (now_ms - CONTROL_HORIZON_MS,))
            self._file.database.execute(
                "DELETE FROM control_ids WHERE id IN"
                " (SELECT id FROM control_ids ORDER BY at_ms DESC LIMIT -1 OFFSET ?)",
                (MAX_CONTROL_IDS,),
            )
        while self._batches and self._batches[0][0] <= last_dropped:
            _, at_ms, ids = self._batches.popleft()
            self._seen.difference_update(ids)
            self._forgotten_until_ms = max(self._forgotten_until_ms, at_ms)
        return int(dropped)
