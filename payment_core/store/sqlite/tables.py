"""The tables of the payment store on SQLite, and how a connection to them is opened."""

import sqlite3
from pathlib import Path

from payment_core.errors import DatabaseUnusable

BUSY_TIMEOUT_MS = 1000
"""How long SQLite itself waits for the other process's commit, which takes about 1 ms."""

CACHE_KIB = 32 * 1024
"""Pages that a connection keeps: the inner pages of every table of some million payments."""

CHECKPOINT_PAGES = 4000
"""16 MB of log before it is written back: hot pages are then written once for many commits."""

LAYOUT = 2
"""Kept in the file as ``user_version``; another number is another program's file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, due_at_ms INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS records_by_id ON records (kind, id);
CREATE INDEX IF NOT EXISTS records_due ON records (kind, due_at_ms, id) WHERE due_at_ms > 0;
CREATE INDEX IF NOT EXISTS records_owned ON records (kind, owner, id) WHERE owner <> '';

CREATE TABLE IF NOT EXISTS accounts (
    id TEXT NOT NULL, currency TEXT NOT NULL,
    debits_posted INTEGER NOT NULL CHECK (debits_posted >= 0),
    credits_posted INTEGER NOT NULL CHECK (credits_posted >= 0),
    debits_pending INTEGER NOT NULL CHECK (debits_pending >= 0),
    credits_pending INTEGER NOT NULL CHECK (credits_pending >= 0),
    PRIMARY KEY (id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journals (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS audit (
    sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL,
    kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    before_sha256 BLOB NOT NULL, after_sha256 BLOB NOT NULL, journals_sha256 BLOB NOT NULL, sha256 BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS outbox (
    sequence INTEGER PRIMARY KEY, producer TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL,
    sent_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (sequence, producer, at_ms) WHERE sent_at_ms = 0;
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection that commits durably (WAL, synchronous=FULL) and leaves transactions to its user."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; raises DatabaseUnusable for a missing file, and for one that is no store."""
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only=1")
        layout = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path}: {error}") from error
    if layout != LAYOUT:
        connection.close()
        raise DatabaseUnusable(f"{path}: its layout is {layout}, this program reads {LAYOUT}.")
    return connection


def create_tables(connection: sqlite3.Connection) -> None:
    """Create what is missing; safe in two processes at once. Raises DatabaseUnusable for another layout."""
    connection.execute("BEGIN IMMEDIATE")
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()[0]
    if layout != LAYOUT and tables > 0:
        connection.execute("ROLLBACK")
        raise DatabaseUnusable(f"its layout is {layout}, this program writes {LAYOUT}.")
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={LAYOUT}")
    connection.execute("COMMIT")
