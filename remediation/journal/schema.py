"""The journal's SQLite tables; triggers abort what would change history."""

APPLICATION_ID = 0x54494C4C
"""``TILL`` in ASCII, so that another program's database is not taken for a journal."""

SCHEMA_VERSION = 1

CREATE = (
    """
    CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        body TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        sequence INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE lease (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        epoch INTEGER NOT NULL,
        holder TEXT NOT NULL,
        until_ms INTEGER NOT NULL
    ) STRICT
    """,
    "INSERT INTO head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000')",
    "INSERT INTO lease VALUES (1, 0, '', 0)",
    """
    CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never changed'); END
    """,
    """
    CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never deleted'); END
    """,
    """
    CREATE TRIGGER entries_are_only_appended BEFORE INSERT ON entries
        WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM entries)
        BEGIN SELECT RAISE(ABORT, 'journal entries are only appended'); END
    """,
    """
    CREATE TRIGGER epochs_only_rise BEFORE UPDATE ON lease WHEN NEW.epoch < OLD.epoch
        BEGIN SELECT RAISE(ABORT, 'lease epochs only rise'); END
    """,
    """
    CREATE TRIGGER the_lease_stays BEFORE DELETE ON lease
        BEGIN SELECT RAISE(ABORT, 'the lease row stays'); END
    """,
)

SELECT_ALL = """
SELECT sequence, epoch, at_ms, kind, actor, body, previous_hash, hash FROM entries ORDER BY sequence
"""
SELECT_AFTER = """
SELECT sequence, epoch, at_ms, kind, actor, body, previous_hash, hash FROM entries
WHERE sequence > ? ORDER BY sequence LIMIT ?
"""
SELECT_NEWEST = """
SELECT sequence, epoch, at_ms, kind, actor, body, previous_hash, hash FROM entries
ORDER BY sequence DESC LIMIT ?
"""
INSERT = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
