"""The tables of the payment core, and how a connection to them is opened."""

import sqlite3
from pathlib import Path

from payment_core.errors import DatabaseUnusable
from payment_core.ledger.accounts import ACCOUNTS

BUSY_TIMEOUT_MS = 1000
"""How long SQLite itself waits for the other process's commit, which takes about 1 ms."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL, rail TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    requested_cents INTEGER NOT NULL, captured_cents INTEGER NOT NULL, fee_cents INTEGER NOT NULL,
    refunded_cents INTEGER NOT NULL, fee_refunded_cents INTEGER NOT NULL,
    capture TEXT NOT NULL, method TEXT NOT NULL, customer_id TEXT NOT NULL, provider_id TEXT NOT NULL,
    description TEXT NOT NULL, decline_code TEXT NOT NULL, error_code TEXT NOT NULL,
    environment TEXT NOT NULL, release TEXT NOT NULL, region TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL, pending_key TEXT NOT NULL,
    CHECK (captured_cents BETWEEN 0 AND amount_cents),
    CHECK (refunded_cents BETWEEN 0 AND captured_cents),
    CHECK (fee_refunded_cents BETWEEN 0 AND fee_cents)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS payments_leased ON payments (lease_until_ms) WHERE lease_until_ms > 0;

CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, payment_id TEXT NOT NULL REFERENCES payments (id), version INTEGER NOT NULL,
    status TEXT NOT NULL, amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    fee_share_cents INTEGER NOT NULL, reason TEXT NOT NULL, error_code TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL, pending_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refunds_leased ON refunds (lease_until_ms) WHERE lease_until_ms > 0;
CREATE INDEX IF NOT EXISTS refunds_of_payment ON refunds (payment_id);

CREATE TABLE IF NOT EXISTS idempotency (
    operation TEXT NOT NULL, key TEXT NOT NULL, request_hash BLOB NOT NULL, resource_id TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
    status INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (operation, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS accounts (
    id TEXT NOT NULL, currency TEXT NOT NULL, normal_side TEXT NOT NULL CHECK (normal_side IN ('debit', 'credit')),
    may_go_negative INTEGER NOT NULL,
    debits_cents INTEGER NOT NULL, credits_cents INTEGER NOT NULL,
    PRIMARY KEY (id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journals (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, payment_id TEXT NOT NULL, reference TEXT NOT NULL,
    currency TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS entries (
    journal_id TEXT NOT NULL REFERENCES journals (id), position INTEGER NOT NULL, account_id TEXT NOT NULL,
    debit_cents INTEGER NOT NULL CHECK (debit_cents >= 0), credit_cents INTEGER NOT NULL CHECK (credit_cents >= 0),
    PRIMARY KEY (journal_id, position),
    CHECK ((debit_cents = 0) <> (credit_cents = 0))
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
    sequence INTEGER PRIMARY KEY, producer TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL,
    sent_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (producer, sequence) WHERE sent_at_ms = 0;
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection that commits durably (WAL, synchronous=FULL) and leaves transactions to its user."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; a missing file is an error, never a new database."""
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only=1")
    except sqlite3.Error as error:
        raise DatabaseUnusable(str(path)) from error
    return connection


def create_tables(connection: sqlite3.Connection) -> None:
    """Create what is missing, and the accounts that the recipes name; safe in two processes at once."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)
    connection.executemany(
        "INSERT OR IGNORE INTO accounts VALUES (?, 'USD', ?, ?, 0, 0)",
        [(account.id, account.normal_side, account.may_go_negative) for account in ACCOUNTS],
    )
    connection.execute("COMMIT")
