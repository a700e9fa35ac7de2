"""What the SQLite store reads outside of transactions, on one connection that cannot write."""

import sqlite3
from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from payment_core.ledger.journals import Journal
from payment_core.ledger.posting import Balances
from payment_core.store.port import AccountKey, AccountRow, DocumentPage, OutboxRow, PostedJournal
from payment_core.store.records import Due, Query, Record, kind_of
from payment_core.store.stage import Registry
from payment_core.store.totals import LineTotal, Totals
from payment_core.store.trail import GENESIS, AuditRow

R = TypeVar("R", bound=Record)

_decode_journal = msgspec.json.Decoder(Journal).decode

_ACCOUNT = (
    "SELECT debits_posted, credits_posted, debits_pending, credits_pending FROM accounts WHERE id = ? AND currency = ?"
)


_HEAD = "SELECT COALESCE(MAX(sequence), 0) FROM audit"


class Reading:
    """Reads committed state; used by one thread."""

    def __init__(self, connection: sqlite3.Connection, registry: Registry) -> None:
        self._connection = connection
        self._registry = registry

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def record(self, record_type: type[Record], record_id: str) -> Record | None:
        """One record."""
        kind = kind_of(record_type)
        row = self._connection.execute(
            "SELECT body FROM records WHERE kind = ? AND id = ?", (kind, record_id)
        ).fetchone()
        return None if row is None else self._registry.decode(kind, row[0])

    def query(self, query: Query[R]) -> list[R]:
        """Records by when they are due, or in the order of their ids."""
        kind = kind_of(query.record_type)
        parameters: tuple[str | int, ...]
        if isinstance(query, Due):
            statement = (
                "SELECT body FROM records WHERE kind = ? AND due_at_ms > 0 AND due_at_ms <= ?"
                " ORDER BY due_at_ms, id LIMIT ?"
            )
            parameters = (kind, query.at_ms, query.limit)
        else:
            descending = query.order == "descending"
            conditions, parameters = "kind = ?", (kind,)
            if query.owner != "":
                conditions, parameters = f"{conditions} AND owner = ? AND owner <> ''", (*parameters, query.owner)
            if query.after != "":
                conditions = f"{conditions} AND id {'<' if descending else '>'} ?"
                parameters = (*parameters, query.after)
            order = "DESC" if descending else "ASC"
            statement = f"SELECT body FROM records WHERE {conditions} ORDER BY id {order} LIMIT ?"  # noqa: S608 - fixed parts
            parameters = (*parameters, query.limit)
        rows = self._connection.execute(statement, parameters)
        return cast("list[R]", [self._registry.decode(kind, body) for (body,) in rows])

    def account(self, account_id: str, currency: str) -> Balances:
        """An account's totals."""
        row = self._connection.execute(_ACCOUNT, (account_id, currency)).fetchone()
        return Balances() if row is None else Balances(*row)

    def accounts(self, after: AccountKey, limit: int) -> list[AccountRow]:
        """Accounts by id and currency."""
        rows = self._connection.execute(
            "SELECT id, currency, debits_posted, credits_posted, debits_pending, credits_pending FROM accounts"
            " WHERE (id, currency) > (?, ?) ORDER BY id, currency LIMIT ?",
            (*after, limit),
        )
        return [AccountRow(row[0], row[1], Balances(*row[2:])) for row in rows]

    def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        """Those of these accounts that there are."""
        found = []
        for key in keys:
            row = self._connection.execute(_ACCOUNT, key).fetchone()
            if row is not None:
                found.append(AccountRow(*key, Balances(*row)))
        return found

    def totals(self) -> Totals:
        """All accounts together, added up by SQLite in one look at one state of the file."""
        rows = self._connection.execute(
            "SELECT substr(id, 1, instr(id || '/', '/') - 1) AS line, currency, COUNT(*), SUM(debits_posted),"
            " SUM(credits_posted), SUM(debits_pending), SUM(credits_pending) FROM accounts"
            " GROUP BY line, currency ORDER BY line, currency"
        )
        return Totals(tuple(LineTotal(row[0], row[1], row[2], Balances(*row[3:])) for row in rows), at_one_moment=True)

    def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting."""
        rows = self._connection.execute(
            "SELECT sequence, at_ms, body FROM journals WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, limit)
        )
        return [PostedJournal(sequence, at_ms, _decode_journal(body)) for sequence, at_ms, body in rows]

    def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of shard 0 in order; each follows the hash that is stored with the row before it."""
        if shard != 0:
            return []
        before = self._connection.execute("SELECT sha256 FROM audit WHERE sequence = ?", (after,)).fetchone()
        previous = GENESIS if before is None else before[0].hex()
        found = []
        for row in self._connection.execute(
            "SELECT sequence, at_ms, actor, kind, id, version, before_sha256, after_sha256, journals_sha256, sha256"
            " FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (after, limit),
        ):
            found.append(_audit_row(row, previous))
            previous = row[9].hex()
        return found

    def audit_heads(self) -> list[tuple[int, int, str]]:
        """The last row's sequence and hash, of shard 0."""
        row = self._connection.execute("SELECT sequence, sha256 FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
        return [] if row is None else [(0, row[0], row[1].hex())]

    def event_times(self, rows: Sequence[AuditRow], changes_before: int) -> list[int]:
        """When the events of these changes were written; events are numbered as changes are."""
        found = self._connection.execute(
            "SELECT at_ms FROM outbox WHERE sequence > ? AND sequence <= ? ORDER BY sequence",
            (changes_before, changes_before + len(rows)),
        )
        return [at_ms for (at_ms,) in found]

    def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Records of a kind and the head of the trail; each page is one look at one state of the file."""
        # Of a page with nothing on it: what comes later is in rows behind this head.
        head = self._connection.execute(_HEAD).fetchone()[0]
        rows = self._connection.execute(
            f"SELECT id, body, ({_HEAD}) FROM records WHERE kind = ? AND id > ? ORDER BY id LIMIT ?",  # noqa: S608 - fixed parts
            (kind, after, limit),
        ).fetchall()
        return DocumentPage([row[:2] for row in rows], {0: rows[0][2] if rows else head})

    def unsent(self, producer: str, limit: int) -> list[OutboxRow]:
        """The oldest events of this producer that no queue has taken."""
        rows = self._connection.execute(
            "SELECT sequence, body FROM outbox INDEXED BY outbox_unsent"
            " WHERE sent_at_ms = 0 AND producer = ? ORDER BY sequence LIMIT ?",
            (producer, limit),
        )
        return [OutboxRow(str(sequence), body) for sequence, body in rows]

    def orphans(self, before_ms: int, limit: int) -> list[OutboxRow]:
        """Events of any producer that were left unsent since before this time."""
        # Left to itself SQLite would walk the whole outbox in the order asked for.
        rows = self._connection.execute(
            "SELECT sequence, body FROM outbox INDEXED BY outbox_unsent"
            " WHERE sent_at_ms = 0 AND at_ms < ? ORDER BY sequence LIMIT ?",
            (before_ms, limit),
        )
        return [OutboxRow(str(sequence), body) for sequence, body in rows]

    def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events from the one that follows."""
        rows = self._connection.execute(
            "SELECT sequence, body FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (0 if after == "" else int(after), limit),
        )
        return [OutboxRow(str(sequence), body) for sequence, body in rows]

    def newest_event(self) -> str:
        """The place of the last event."""
        return str(self._connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM outbox").fetchone()[0])

    def count_unsent(self) -> int:
        """Events that no queue has taken, of every producer."""
        count: int = self._connection.execute("SELECT COUNT(*) FROM outbox WHERE sent_at_ms = 0").fetchone()[0]
        return count


def _audit_row(row: tuple[int, int, str, str, str, int, bytes, bytes, bytes, bytes], previous: str) -> AuditRow:
    return AuditRow(
        shard=0,
        sequence=row[0],
        at_ms=row[1],
        actor=row[2],
        kind=row[3],
        id=row[4],
        version=row[5],
        before_sha256=row[6].hex(),
        after_sha256=row[7].hex(),
        journals_sha256=row[8].hex(),
        previous_sha256=previous,
    )
