"""What one transaction of the core gathers: journals, balances and events, written in bulk before the commit."""

import sqlite3
from collections import defaultdict

import msgspec

from checks.facts import Fact
from payment_core.identifiers import new_id
from payment_core.ledger.recipes import Journal, require_balance


class CoreBatch:
    """One transaction on the core's tables. now_ms: the time of every row it writes."""

    def __init__(self, connection: sqlite3.Connection, producer: str, now_ms: int) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self.published = 0
        self._producer = producer
        self._outbox: list[tuple[int, str, int, bytes]] = []
        self._journals: list[tuple[str, str, str, str, str, int]] = []
        self._entries: list[tuple[str, int, str, int, int]] = []
        self._debits: defaultdict[str, int] = defaultdict(int)
        self._credits: defaultdict[str, int] = defaultdict(int)
        self._next_sequence = 0

    def publish(self, fact: Fact) -> None:
        """Add the fact to the outbox, numbered: the write lock makes the sequence gapless across processes."""
        if self._next_sequence == 0:
            row = self.connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM outbox").fetchone()
            self._next_sequence = row[0] + 1
        numbered = msgspec.structs.replace(fact, sequence=self._next_sequence)
        self._outbox.append((self._next_sequence, self._producer, fact.at_ms, msgspec.json.encode(numbered)))
        self._next_sequence += 1

    def post(self, journal: Journal) -> None:
        """Add the journal to the ledger; raises JournalUnbalanced before anything of it is written."""
        require_balance(journal)
        journal_id = new_id("jrn", self.now_ms)
        self._journals.append(
            (journal_id, journal.kind, journal.payment_id, journal.reference, "USD", self.now_ms),
        )
        for position, entry in enumerate(journal.entries):
            self._entries.append((journal_id, position, entry.account_id, entry.debit_cents, entry.credit_cents))
            self._debits[entry.account_id] += entry.debit_cents
            self._credits[entry.account_id] += entry.credit_cents

    def flush(self) -> None:
        """Write journals, entries, the accounts' totals and the outbox rows."""
        execute_many = self.connection.executemany
        if self._journals:
            execute_many("INSERT INTO journals VALUES (?, ?, ?, ?, ?, ?)", self._journals)
            execute_many("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", self._entries)
            execute_many(
                "UPDATE accounts SET debits_cents = debits_cents + ?, credits_cents = credits_cents + ? "
                "WHERE id = ? AND currency = 'USD'",
                [(debits, self._credits[account], account) for account, debits in self._debits.items()],
            )
        if self._outbox:
            execute_many("INSERT INTO outbox VALUES (?, ?, ?, ?, 0)", self._outbox)
        self.published = len(self._outbox)
