"""Reads a journal file without its writer: read-only, also while a daemon appends to it."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from remediation.errors import JournalUnusable
from remediation.journal.entry import Entry
from remediation.journal.port import READ_LIMIT
from remediation.journal.schema import APPLICATION_ID, SCHEMA_VERSION, SELECT_AFTER, SELECT_NEWEST
from remediation.journal.sqlite import entry_of


def open_read_only(path: Path) -> sqlite3.Connection:
    """The journal's file for reading alone, also while a daemon writes it or when it lies on a read-only disk."""
    if not path.is_file():
        raise FileNotFoundError(path)
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        return _checked(address, path)
    except sqlite3.OperationalError:
        # Without a write-ahead log beside it the file is complete, and reading it needs no shared memory file.
        if path.with_name(f"{path.name}-wal").exists():
            raise
        return _checked(f"{address}&immutable=1", path)


def _checked(address: str, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as fault:
        connection.close()
        raise JournalUnusable(f"{path}: {fault}") from fault
    if application_id != APPLICATION_ID or version > SCHEMA_VERSION:
        connection.close()
        raise JournalUnusable(f"{path} has application id {application_id:#x} and version {version}.")
    return connection


def newest(connection: sqlite3.Connection, count: int) -> list[Entry]:
    """The last count entries, oldest first, unchecked."""
    return [entry_of(row) for row in connection.execute(SELECT_NEWEST, (count,))][::-1]


def following(connection: sqlite3.Connection, after: int) -> list[Entry]:
    """Up to READ_LIMIT entries with a sequence above after, oldest first, unchecked."""
    return [entry_of(row) for row in connection.execute(SELECT_AFTER, (after, READ_LIMIT))]
