"""What one commit of the SQLite store gathers: the stages of many transactions, written in bulk at its end."""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import TypeVar

import msgspec

from payment_core.errors import VersionSkipped
from payment_core.ledger.journals import Journal
from payment_core.ledger.posting import Balances
from payment_core.store.port import Work
from payment_core.store.records import Record, kind_of
from payment_core.store.stage import Key, Registry, Stage
from payment_core.store.trail import GENESIS, AuditRow
from payment_core.store.writing import Head, write_out

T = TypeVar("T")

_decode_journal = msgspec.json.Decoder(Journal).decode
_encode_journal = msgspec.json.Encoder().encode


_UPSERT = """ON CONFLICT (kind, id) DO UPDATE
SET owner = excluded.owner, due_at_ms = excluded.due_at_ms, body = excluded.body"""

_ROWS_PER_STATEMENT = (64, 16, 4, 1)
"""Few sizes, so that every statement stays prepared. Each statement gives the interpreter lock away once."""


def insert_rows(connection: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]], tail: str = "") -> None:
    """Insert rows of one width, many to a statement. into: "INSERT INTO accounts"; tail: an ON CONFLICT clause."""
    row = f"({', '.join('?' * len(rows[0]))})"
    start = 0
    for size in _ROWS_PER_STATEMENT:
        statement = f"{into} VALUES {', '.join([row] * size)} {tail}"
        while len(rows) - start >= size:
            connection.execute(statement, list(chain.from_iterable(rows[start : start + size])))
            start += size


class SqliteBatch:
    """Many transactions in one commit, each seeing those before it. now_ms: the time of all of them.

    A work that raises leaves nothing behind; what the others changed is kept.
    """

    def __init__(self, connection: sqlite3.Connection, registry: Registry, producer: str, now_ms: int) -> None:
        self.published = 0
        self._connection = connection
        self._registry = registry
        self._producer = producer
        self._now_ms = now_ms
        self._records: dict[Key, Record | None] = {}
        self._changed: dict[Key, bytes] = {}
        self._inserts: set[Key] = set()
        self._accounts: dict[Key, Balances] = {}
        self._posted: set[Key] = set()
        self._journals: dict[str, Journal] = {}
        self._audit: list[AuditRow] = []
        self._events: list[bytes] = []
        self._head: Head | None = None
        self._first_event = 0

    def run(self, work: Work[T], actor: str) -> T:
        """Run one transaction; what it changed is visible to the next."""
        stage = Stage(self, self._now_ms, inserts_blindly=True)
        answer = work(stage)
        if stage.records or stage.journals:
            self._take(stage, actor)
        return answer

    def mark_sent(self, places: list[str]) -> None:
        """Remember that the queue took these events."""
        self._connection.executemany(
            "UPDATE outbox SET sent_at_ms = ? WHERE sequence = ? AND sent_at_ms = 0",
            [(self._now_ms, int(place)) for place in places],
        )

    def load(self, record_type: type[Record], record_id: str) -> Record | None:
        """The record as this commit will leave it."""
        key = (kind_of(record_type), record_id)
        if key not in self._records:
            row = self._connection.execute("SELECT body FROM records WHERE kind = ? AND id = ?", key).fetchone()
            self._records[key] = None if row is None else self._registry.decode(key[0], row[0])
        return self._records[key]

    def load_balances(self, account_id: str, currency: str) -> Balances:
        """The totals as this commit will leave them."""
        key = (account_id, currency)
        known = self._accounts.get(key)
        if known is None:
            row = self._connection.execute(
                "SELECT debits_posted, credits_posted, debits_pending, credits_pending FROM accounts"
                " WHERE id = ? AND currency = ?",
                key,
            ).fetchone()
            known = self._accounts[key] = Balances() if row is None else Balances(*row)
        return known

    def load_journal(self, journal_id: str) -> Journal | None:
        """The journal posted under this id, in this commit or before it."""
        known = self._journals.get(journal_id)
        if known is not None:
            return known
        row = self._connection.execute("SELECT body FROM journals WHERE id = ?", (journal_id,)).fetchone()
        return None if row is None else _decode_journal(row[0])

    def flush(self) -> None:
        """Write everything that was gathered; called once, right before the commit."""
        connection = self._connection
        self._flush_records()
        if self._journals:
            insert_rows(
                connection,
                "INSERT INTO journals (id, at_ms, body)",
                [(journal.id, self._now_ms, _encode_journal(journal)) for journal in self._journals.values()],
            )
            insert_rows(
                connection,
                "INSERT OR REPLACE INTO accounts",
                [(*key, *msgspec.structs.astuple(self._accounts[key])) for key in self._posted],
            )
        if self._audit:
            insert_rows(connection, "INSERT INTO audit", self._audit_rows())
        if self._events:
            insert_rows(
                connection,
                "INSERT INTO outbox",
                [
                    (self._first_event + position, self._producer, self._now_ms, body, 0)
                    for position, body in enumerate(self._events)
                ],
            )
        self.published = len(self._events)

    def _take(self, stage: Stage, actor: str) -> None:
        head = self._read_head()
        for key in stage.inserts:
            if self._records.get(key) is not None:
                raise VersionSkipped(f"{key[0]} {key[1]}: 1 after another document.")
        written = write_out(
            stage,
            self._registry,
            actor,
            shard=0,
            head=head,
            next_event=self._first_event + len(self._events),
        )
        self._head = written.head
        self._audit.extend(written.audit)
        self._events.extend(written.events)
        self._inserts.update(stage.inserts)
        self._records.update(stage.records)
        self._changed.update(written.bodies)
        self._accounts.update(stage.accounts)
        self._posted.update(stage.accounts)
        for journal in stage.journals:
            self._journals[journal.id] = journal

    def _read_head(self) -> Head:
        """Where trail and outbox end; the write lock keeps both gapless across processes."""
        if self._head is None:
            connection = self._connection
            row = connection.execute("SELECT sequence, sha256 FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
            self._head = Head() if row is None else Head(row[0], row[1].hex())
            last = connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM outbox").fetchone()
            self._first_event = last[0] + 1
        return self._head

    def _flush_records(self) -> None:
        """New documents by INSERT, so that a second one of the same id breaks the commit; everything else by upsert."""
        new, changed, gone = [], [], []
        for key, body in self._changed.items():
            record = self._records[key]
            if record is None:
                gone.append(key)
            elif key in self._inserts:
                new.append((*key, record.owner, record.due_at_ms, body))
            else:
                changed.append((*key, record.owner, record.due_at_ms, body))
        connection = self._connection
        if gone:
            connection.executemany("DELETE FROM records WHERE kind = ? AND id = ?", gone)
        if new:
            try:
                insert_rows(connection, "INSERT INTO records", new)
            except sqlite3.IntegrityError as error:
                names = ", ".join(f"{row[0]} {row[1]}" for row in new[:3])
                raise VersionSkipped(f"{names}: 1 after another document.") from error
        if changed:
            insert_rows(connection, "INSERT INTO records", changed, _UPSERT)

    def _audit_rows(self) -> list[tuple[int, int, str, str, str, int, bytes, bytes, bytes, bytes]]:
        """A row's hash is what the next one follows; the last one's is the head."""
        hashes = [row.previous_sha256 for row in self._audit[1:]]
        hashes.append(GENESIS if self._head is None else self._head.sha256)
        unhex = bytes.fromhex
        return [
            (
                row.sequence,
                row.at_ms,
                row.actor,
                row.kind,
                row.id,
                row.version,
                unhex(row.before_sha256),
                unhex(row.after_sha256),
                unhex(row.journals_sha256),
                unhex(sha256),
            )
            for row, sha256 in zip(self._audit, hashes, strict=True)
        ]
