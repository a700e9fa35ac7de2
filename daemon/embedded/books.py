"""Counts what the cores published, what the daemon took over of it, and what was captured, from their files."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from daemon.embedded.savings import RailVolume
from daemon.outbox_gaps import Received

CHECKPOINT = "checkpoint.db"
BUSY_SECONDS = 2.0
"""How long a read waits for a writer; commits take milliseconds."""

_STRETCHES = msgspec.msgpack.Decoder(list[tuple[int, int]])


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Over the whole life of a data directory.

    published: rows of the outbox. consumed: those of them that the daemon's checkpoint holds, each once. duplicates:
    deliveries beyond the first, of all sources. lost: published and not consumed.
    """

    published: int
    consumed: int
    duplicates: int
    lost: int


def count_events(payments: Path, checkpoint: Path, region: str) -> EventCounts:
    """Hold the outbox against the checkpoint, position by position. A missing file counts as an empty one.

    Raises sqlite3.Error when a file cannot be read. The checkpoint is read first, so an event that is published and
    consumed meanwhile counts as lost and never the other way round.
    """
    received, duplicates = _received(checkpoint, region)
    if not payments.is_file():
        return EventCounts(published=0, consumed=0, duplicates=duplicates, lost=0)
    missing = [*received.gaps(), (received.highest + 1, None)]
    with closing(_open(payments)) as connection:
        connection.execute("BEGIN")
        (published,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
        lost = sum(_rows_between(connection, first, last) for first, last in missing)
    return EventCounts(published=published, consumed=published - lost, duplicates=duplicates, lost=lost)


def captured_by_rail(payments: Path) -> tuple[RailVolume, ...]:
    """How many payments were captured on each rail, and how much; a missing file holds none."""
    if not payments.is_file():
        return ()
    with closing(_open(payments)) as connection:
        rows = connection.execute(
            "SELECT rail, count(*), sum(captured_cents) FROM payments WHERE captured_cents > 0 GROUP BY rail"
        )
        return tuple(RailVolume(rail, payments_, cents) for rail, payments_, cents in rows)


def _received(checkpoint: Path, region: str) -> tuple[Received, int]:
    if not checkpoint.is_file():
        return Received(), 0
    with closing(_open(checkpoint)) as connection:
        connection.execute("BEGIN")
        found = connection.execute("SELECT stretches FROM outboxes WHERE producer = ?", (region,)).fetchone()
        (duplicates,) = connection.execute("SELECT coalesce(sum(duplicates), 0) FROM totals").fetchone()
    return Received([] if found is None else _STRETCHES.decode(found[0])), duplicates


def _rows_between(connection: sqlite3.Connection, first: int, last: int | None) -> int:
    (rows,) = connection.execute(
        "SELECT count(*) FROM outbox WHERE sequence >= ? AND (? IS NULL OR sequence <= ?)", (first, last, last)
    ).fetchone()
    return int(rows)


def _open(path: Path) -> sqlite3.Connection:
    # mode=rw and query_only: a write-ahead log is read too, which mode=ro cannot always do, and nothing is written.
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    connection.execute("PRAGMA query_only=1")
    return connection
