"""Checks invariants I1 to I4 of the ledger from its file, offline or while the core runs."""

import sqlite3
from pathlib import Path
from typing import Literal

import msgspec

from payment_core.errors import DatabaseUnusable
from payment_core.store.schema import open_for_reading

VIOLATIONS_MAX = 100
"""Findings of one kind; more than a person reads."""

Invariant = Literal["I1", "I2", "I3", "I4"]


class Violation(msgspec.Struct, frozen=True):
    """subject: the journal, currency or account that is wrong. difference_cents: by how much."""

    invariant: Invariant
    subject: str
    difference_cents: int
    detail: str


class Balance(msgspec.Struct, frozen=True):
    """An account's stored totals in cents; balance_cents grows on the account's normal side."""

    account: str
    currency: str
    normal_side: str
    debits_cents: int
    credits_cents: int
    balance_cents: int


class LedgerReport(msgspec.Struct, frozen=True):
    """What verifying found: balanced means no violation."""

    balanced: bool
    entries: int
    journals: int
    violations: tuple[Violation, ...]


_CHECKS: tuple[tuple[Invariant, str, str], ...] = (
    (
        "I1",
        "debits and credits of the journal differ",
        """SELECT j.id || ' (' || j.kind || ' ' || j.reference || ')',
                  COALESCE(SUM(e.debit_cents), 0) - COALESCE(SUM(e.credit_cents), 0)
           FROM journals j LEFT JOIN entries e ON e.journal_id = j.id GROUP BY j.id
           HAVING COALESCE(SUM(e.debit_cents), 0) <> COALESCE(SUM(e.credit_cents), 0) OR COUNT(e.journal_id) = 0""",
    ),
    (
        "I1",
        "an entry belongs to no journal",
        """SELECT journal_id, SUM(debit_cents) - SUM(credit_cents) FROM entries
           WHERE journal_id NOT IN (SELECT id FROM journals) GROUP BY journal_id""",
    ),
    (
        "I2",
        "the accounts of the currency do not sum to zero",
        """SELECT currency, SUM(debits_cents - credits_cents) FROM accounts GROUP BY currency
           HAVING SUM(debits_cents - credits_cents) <> 0""",
    ),
    (
        "I3",
        "the stored balance differs from the sum of the account's entries",
        """WITH folded AS (
             SELECT e.account_id AS id, j.currency AS currency,
                    SUM(e.debit_cents) AS debits, SUM(e.credit_cents) AS credits
             FROM entries e JOIN journals j ON j.id = e.journal_id GROUP BY e.account_id, j.currency),
           both AS (
             SELECT id, currency, debits_cents AS debits, credits_cents AS credits FROM accounts
             UNION ALL SELECT id, currency, -debits, -credits FROM folded)
           SELECT id || ' ' || currency, SUM(debits) - SUM(credits) FROM both GROUP BY id, currency
           HAVING SUM(debits) <> 0 OR SUM(credits) <> 0""",
    ),
    (
        "I4",
        "the account is below zero and may not be",
        """SELECT id || ' ' || currency,
                  CASE normal_side WHEN 'debit' THEN debits_cents - credits_cents
                                   ELSE credits_cents - debits_cents END AS balance
           FROM accounts WHERE may_go_negative = 0 AND balance < 0""",
    ),
)


def verify(database: Path) -> LedgerReport:
    """Check the whole ledger in one snapshot; raises DatabaseUnusable when the file is missing or no ledger."""
    connection = open_for_reading(database)
    try:
        connection.execute("BEGIN")
        return verify_connection(connection)
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{database}: {error}") from error
    finally:
        connection.close()


def verify_connection(connection: sqlite3.Connection) -> LedgerReport:
    """Check the ledger as an open connection sees it."""
    entries = connection.execute("SELECT COUNT(*) FROM entries").fetchone()[0]
    journals = connection.execute("SELECT COUNT(*) FROM journals").fetchone()[0]
    violations = tuple(
        Violation(invariant, subject, difference, detail)
        for invariant, detail, query in _CHECKS
        for subject, difference in connection.execute(f"{query} LIMIT {VIOLATIONS_MAX}")
    )
    return LedgerReport(not violations, entries, journals, violations)


def balances(database: Path) -> tuple[Balance, ...]:
    """Every account's stored balance; raises DatabaseUnusable when the file is missing or no ledger."""
    connection = open_for_reading(database)
    try:
        return read_balances(connection)
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{database}: {error}") from error
    finally:
        connection.close()


def read_balances(connection: sqlite3.Connection) -> tuple[Balance, ...]:
    """Every account's stored balance on an open connection, by account id."""
    rows = connection.execute(
        "SELECT id, currency, normal_side, debits_cents, credits_cents FROM accounts ORDER BY id, currency"
    )
    return tuple(
        Balance(account, currency, side, debits, credits_, debits - credits_ if side == "debit" else credits_ - debits)
        for account, currency, side, debits, credits_ in rows
    )
