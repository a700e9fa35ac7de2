"""Counts what the cores published, what the daemon took over of it, and what captures cost, from their files."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from daemon.embedded.telling.savings import Measured, RailVolume
from daemon.storage.outbox_gaps import Received
from payment_core.costs.notes import CostNote
from payment_core.payments.model import Capture, Payment
from payment_core.payments.states import CaptureStatus
from payment_core.store.records import kind_of
from payment_core.store.sqlite.tables import open_for_reading
from payment_core.store.stage import Registry

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

    Raises DatabaseUnusable when the file is no payment store, and sqlite3.Error when one cannot be read. The checkpoint
    is read first, so an event that is published and consumed meanwhile counts as lost and never the other way round.
    """
    received, duplicates = _received(checkpoint, region)
    if not payments.is_file():
        return EventCounts(published=0, consumed=0, duplicates=duplicates, lost=0)
    missing = [*received.gaps(), (received.highest + 1, None)]
    with closing(open_for_reading(payments)) as connection:
        connection.execute("BEGIN")
        (published,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
        lost = sum(_rows_between(connection, first, last) for first, last in missing)
    return EventCounts(published=published, consumed=published - lost, duplicates=duplicates, lost=lost)


def measured_costs(payments: Path) -> Measured:
    """What the succeeded captures of each rail cost, as it is kept with them; a missing file holds none.

    Raises DatabaseUnusable when the file is no payment store, and sqlite3.Error when it cannot be read.
    """
    if not payments.is_file():
        return Measured()
    captures: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    baseline: Counter[str] = Counter()
    sheets: set[str] = set()
    unpriced = 0
    with closing(open_for_reading(payments)) as connection:
        connection.execute("BEGIN")
        for capture, payment in _captures(connection):
            if capture.cost.baseline == 0:
                unpriced += 1
                continue
            captures[payment.rail] += 1
            cents[payment.rail] += capture.amount_cents
            cost[payment.rail] += capture.cost.total
            baseline[payment.rail] += capture.cost.baseline
            sheets.add(capture.cost.sheet)
        notes = _noted_microcents(connection)
    volumes = (RailVolume(rail, captures[rail], cents[rail], cost[rail], baseline[rail]) for rail in sorted(captures))
    return Measured(tuple(volumes), notes, tuple(sorted(sheets - {""})), unpriced)


def _captures(connection: sqlite3.Connection) -> Iterator[tuple[Capture, Payment]]:
    """Every capture that succeeded, with its payment, which it is listed under."""
    registry = Registry((Capture, Payment))
    rows = connection.execute(
        "SELECT capture.body, payment.body FROM records AS capture"
        " JOIN records AS payment ON payment.kind = ? AND payment.id = capture.owner WHERE capture.kind = ?",
        (kind_of(Payment), kind_of(Capture)),
    )
    for bodies in rows:
        capture, payment = registry.decode(kind_of(Capture), bodies[0]), registry.decode(kind_of(Payment), bodies[1])
        if isinstance(capture, Capture) and isinstance(payment, Payment) and capture.status is CaptureStatus.SUCCEEDED:
            yield capture, payment


def _noted_microcents(connection: sqlite3.Connection) -> int:
    """What was spent on files, payouts and returns, which belong to no single payment."""
    registry = Registry((CostNote,))
    rows = connection.execute("SELECT body FROM records WHERE kind = ?", (kind_of(CostNote),))
    notes = (registry.decode(kind_of(CostNote), body) for (body,) in rows)
    return sum(note.amount_microcents for note in notes if isinstance(note, CostNote))


def _received(checkpoint: Path, region: str) -> tuple[Received, int]:
    if not checkpoint.is_file():
        return Received(), 0
    with closing(_open_checkpoint(checkpoint)) as connection:
        connection.execute("BEGIN")
        found = connection.execute("SELECT stretches FROM outboxes WHERE producer = ?", (region,)).fetchone()
        (duplicates,) = connection.execute("SELECT coalesce(sum(duplicates), 0) FROM totals").fetchone()
    return Received([] if found is None else _STRETCHES.decode(found[0])), duplicates


def _rows_between(connection: sqlite3.Connection, first: int, last: int | None) -> int:
    (rows,) = connection.execute(
        "SELECT count(*) FROM outbox WHERE sequence >= ? AND (? IS NULL OR sequence <= ?)", (first, last, last)
    ).fetchone()
    return int(rows)


def _open_checkpoint(path: Path) -> sqlite3.Connection:
    # mode=rw and query_only: a write-ahead log is read too, which mode=ro cannot always do, and nothing is written.
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    connection.execute("PRAGMA query_only=1")
    return connection
