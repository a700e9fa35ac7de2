"""Walks a journal file offline, read-only, and names the first entry that is not what was written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from remediation.journal.entry import GENESIS_HASH, Entry, Head, expected_hash
from remediation.journal.offline import open_read_only
from remediation.journal.schema import SELECT_ALL
from remediation.journal.sqlite import entry_of


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What the walk found.

    entries: good ones, from 1. head: the last good one. first_bad: the first sequence that is wrong or missing, None
    when all is well. what: what is wrong with it, in one sentence.
    """

    entries: int
    head: Head
    first_bad: int | None
    what: str


def verify(path: Path, expected_head: Head | None = None) -> Verification:
    """Check every entry's hash and link, and the newest one against the head kept beside the entries.

    Whoever can write the file can also rebuild the whole chain and the head, because the hash has no secret: against
    that, pass a head that was noted elsewhere as expected_head; the journal must contain it, and may have grown since.
    Raises FileNotFoundError, or JournalUnusable for a file that is not a journal.
    """
    with closing(open_read_only(path)) as connection:
        return _walk(connection, expected_head)


def _walk(connection: sqlite3.Connection, expected_head: Head | None) -> Verification:
    good = Head(0, GENESIS_HASH)
    try:
        kept = Head(*connection.execute("SELECT sequence, hash FROM head").fetchone())
        for row in connection.execute(SELECT_ALL):
            entry = entry_of(row)
            wrong = wrong_entry(entry, good) or _wrong_head(entry, kept, expected_head)
            if wrong:
                return _bad(good, min(entry.sequence, good.sequence + 1), wrong)
            good = Head(entry.sequence, entry.hash)
    except (sqlite3.DatabaseError, TypeError, AttributeError) as fault:
        return _bad(good, good.sequence + 1, f"the file is damaged from here on: {fault}")
    for name, head in (("the kept head", kept), ("the expected head", expected_head)):
        if head is not None and head.sequence > good.sequence:
            return _bad(good, good.sequence + 1, f"entries are cut off: {name} is {head.sequence}:{head.hash}")
    return Verification(entries=good.sequence, head=good, first_bad=None, what="")


def wrong_entry(entry: Entry, previous: Head) -> str:
    """What is wrong with the entry by itself and after the one before it, or nothing."""
    if entry.sequence != previous.sequence + 1:
        return f"entry {previous.sequence + 1} is missing; the next one found is {entry.sequence}"
    if entry.hash != expected_hash(entry):
        return f"entry {entry.sequence} was edited: its content does not give its hash"
    if entry.previous_hash != previous.hash:
        return f"entry {entry.sequence} does not follow entry {previous.sequence}: one of them was moved or replaced"
    return ""


def _wrong_head(entry: Entry, kept: Head, expected: Head | None) -> str:
    """What is wrong with the entry in the light of the heads, or nothing."""
    if entry.sequence > kept.sequence:
        return f"entry {entry.sequence} was appended by another program: the kept head is {kept.sequence}"
    for name, head in (("kept", kept), ("expected", expected)):
        if head is not None and head.sequence == entry.sequence and head.hash != entry.hash:
            return f"entry {entry.sequence} is not the one that the {name} head names: history was rewritten"
    return ""


def _bad(good: Head, first_bad: int, what: str) -> Verification:
    return Verification(entries=good.sequence, head=good, first_bad=first_bad, what=what)
