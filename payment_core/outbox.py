"""Reads and marks the rows of the outbox; sent rows are kept, they are what ``/v1/events`` serves."""

import sqlite3

import msgspec

from payment_core.store.batch import CoreBatch


class OutboxRow(msgspec.Struct, frozen=True, gc=False):
    """body: the fact as it was encoded in its transaction."""

    sequence: int
    body: bytes


def unsent_of(connection: sqlite3.Connection, producer: str, limit: int) -> list[OutboxRow]:
    """The oldest events of this producer that no queue has taken."""
    rows = connection.execute(
        "SELECT sequence, body FROM outbox WHERE sent_at_ms = 0 AND producer = ? ORDER BY sequence LIMIT ?",
        (producer, limit),
    )
    return [OutboxRow(*row) for row in rows]


def unsent_before(connection: sqlite3.Connection, at_ms: int, limit: int) -> list[OutboxRow]:
    """Events of any producer that were left unsent since before this time: their process died."""
    # Left to itself SQLite would walk the whole outbox in the order asked for.
    rows = connection.execute(
        "SELECT sequence, body FROM outbox INDEXED BY outbox_unsent"
        " WHERE sent_at_ms = 0 AND at_ms < ? ORDER BY sequence LIMIT ?",
        (at_ms, limit),
    )
    return [OutboxRow(*row) for row in rows]


def events_after(connection: sqlite3.Connection, after: int, limit: int) -> list[OutboxRow]:
    """Events in the order of the outbox, from the one that follows ``after``."""
    rows = connection.execute(
        "SELECT sequence, body FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, limit)
    )
    return [OutboxRow(*row) for row in rows]


def count_unsent(connection: sqlite3.Connection) -> int:
    """Events that no queue has taken, of every producer."""
    count: int = connection.execute("SELECT COUNT(*) FROM outbox WHERE sent_at_ms = 0").fetchone()[0]
    return count


def mark_sent(batch: CoreBatch, sequences: list[int]) -> None:
    """Remember that the queue took these events."""
    batch.connection.executemany(
        "UPDATE outbox SET sent_at_ms = ? WHERE sequence = ? AND sent_at_ms = 0",
        [(batch.now_ms, sequence) for sequence in sequences],
    )
