"""`verify` finds every way in which history can be changed, and names the first entry that shows it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from remediation.errors import JournalUnusable
from remediation.journal.entry import Draft, Entry, Head, seal
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.verify import verify

ENTRIES = 6


def note(text: str) -> Draft:
    return Draft(at_ms=0, kind="note", actor="test", body=msgspec.Raw(msgspec.json.encode({"text": text})))


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal of six entries without the triggers, as somebody with a hex editor sees it."""
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    lease = await journal.acquire_lease("test", 1_000, 0)
    for number in range(ENTRIES):
        await journal.append(note(f"entry {number}"), expected_sequence=number, epoch=lease.epoch)
    await journal.close()
    tamper(tmp_path / "journal.db", "DROP TRIGGER entries_are_never_changed")
    tamper(tmp_path / "journal.db", "DROP TRIGGER entries_are_never_deleted")
    tamper(tmp_path / "journal.db", "DROP TRIGGER entries_are_only_appended")
    return tmp_path / "journal.db"


def tamper(path: Path, statement: str, *parameters: int | str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, parameters)


def entries_of(path: Path) -> list[Entry]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM entries ORDER BY sequence").fetchall()
    names = ("sequence", "epoch", "at_ms", "kind", "actor", "body", "previous_hash", "hash")
    return [Entry(**dict(zip(names, (*row[:5], msgspec.Raw(row[5].encode()), *row[6:]), strict=True))) for row in rows]


def put(path: Path, entry: Entry) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.sequence,
                entry.epoch,
                entry.at_ms,
                entry.kind,
                entry.actor,
                bytes(entry.body).decode(),
                entry.previous_hash,
                entry.hash,
            ),
        )


def test_an_untouched_journal_verifies_with_its_head(path: Path) -> None:
    verification = verify(path)
    assert (verification.first_bad, verification.entries) == (None, ENTRIES)
    assert verification.head == Head(ENTRIES, entries_of(path)[-1].hash)


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE entries SET body = \'{"text":"edited"}\' WHERE sequence = ?',
        "UPDATE entries SET body = body || ' ' WHERE sequence = ?",
        "UPDATE entries SET actor = 'somebody' WHERE sequence = ?",
        "UPDATE entries SET kind = 'other' WHERE sequence = ?",
        "UPDATE entries SET at_ms = at_ms + 1 WHERE sequence = ?",
        "UPDATE entries SET epoch = epoch + 1 WHERE sequence = ?",
        "UPDATE entries SET hash = 'a' || hash WHERE sequence = ?",
        "UPDATE entries SET hash = previous_hash WHERE sequence = ?",
        "UPDATE entries SET previous_hash = hash WHERE sequence = ?",
    ],
)
@pytest.mark.parametrize("sequence", [1, 3, ENTRIES])
def test_an_edited_entry_is_named(path: Path, statement: str, sequence: int) -> None:
    tamper(path, statement, sequence)
    verification = verify(path)
    assert verification.first_bad == sequence
    assert f"entry {sequence}" in verification.what


@pytest.mark.parametrize("sequence", [1, 3])
def test_a_dropped_entry_is_named_as_missing(path: Path, sequence: int) -> None:
    tamper(path, "DELETE FROM entries WHERE sequence = ?", sequence)
    verification = verify(path)
    assert verification.first_bad == sequence
    assert "missing" in verification.what


def test_a_dropped_entry_is_found_even_when_the_rest_moves_up(path: Path) -> None:
    tamper(path, "DELETE FROM entries WHERE sequence = 3")
    tamper(path, "UPDATE entries SET sequence = sequence - 1 WHERE sequence > 3")
    assert verify(path).first_bad == 3


def test_two_swapped_entries_are_found_at_the_first(path: Path) -> None:
    tamper(path, "UPDATE entries SET sequence = 99 WHERE sequence = 3")
    tamper(path, "UPDATE entries SET sequence = 3 WHERE sequence = 4")
    tamper(path, "UPDATE entries SET sequence = 4 WHERE sequence = 99")
    assert verify(path).first_bad == 3


def test_a_replaced_entry_with_a_fitting_hash_is_found_where_the_next_one_links(path: Path) -> None:
    third, fourth = entries_of(path)[2:4]
    draft = Draft(at_ms=fourth.at_ms, kind=fourth.kind, actor=fourth.actor, body=fourth.body)
    put(path, seal(draft, sequence=3, epoch=fourth.epoch, previous_hash=third.previous_hash))
    assert verify(path).first_bad == 4


@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_cut_off_tail_is_found_at_the_first_missing_entry(path: Path, left: int) -> None:
    tamper(path, "DELETE FROM entries WHERE sequence > ?", left)
    verification = verify(path)
    assert (verification.first_bad, verification.entries) == (left + 1, left)
    assert "cut off" in verification.what


def forged_tail(path: Path) -> Entry:
    """A well-chained entry that the journal did not write."""
    last = entries_of(path)[-1]
    forged = seal(note("forged"), sequence=last.sequence + 1, epoch=last.epoch, previous_hash=last.hash)
    put(path, forged)
    return forged


def test_an_entry_appended_by_another_program_is_found(path: Path) -> None:
    forged = forged_tail(path)
    assert verify(path).first_bad == forged.sequence


def test_a_cut_off_tail_with_a_matching_head_is_found_by_a_head_noted_elsewhere(path: Path) -> None:
    noted = verify(path).head
    fourth = entries_of(path)[3]
    tamper(path, "DELETE FROM entries WHERE sequence > 4")
    tamper(path, "UPDATE head SET sequence = 4, hash = ?", fourth.hash)
    assert verify(path).first_bad is None
    assert verify(path, noted).first_bad == 5


def test_history_that_was_rewritten_whole_is_found_by_a_head_noted_elsewhere(path: Path) -> None:
    noted = verify(path).head
    previous = entries_of(path)[0].previous_hash
    for sequence in range(1, ENTRIES + 1):
        entry = seal(note(f"other {sequence}"), sequence=sequence, epoch=1, previous_hash=previous)
        put(path, entry)
        previous = entry.hash
    tamper(path, "UPDATE head SET hash = ?", previous)
    assert verify(path).first_bad is None
    verification = verify(path, noted)
    assert verification.first_bad == ENTRIES
    assert "rewritten" in verification.what


def test_a_head_noted_earlier_still_verifies_after_the_journal_grew(path: Path) -> None:
    third = entries_of(path)[2]
    assert verify(path, Head(3, third.hash)).first_bad is None


def test_every_flipped_byte_of_an_entry_is_found(path: Path) -> None:
    content = path.read_bytes()
    start = content.index(b'{"text":"entry 3"}')
    for offset in range(len(b'{"text":"entry 3"}')):
        flipped = bytearray(content)
        flipped[start + offset] ^= 1
        path.write_bytes(flipped)
        assert verify(path).first_bad == 4, offset


def test_a_truncated_file_names_the_first_entry_that_is_gone(path: Path) -> None:
    content = path.read_bytes()
    for length in range(0, len(content), 4_096):
        path.write_bytes(content[:length])
        try:
            verification = verify(path)
        except JournalUnusable:
            continue
        assert verification.first_bad is not None, length


def test_verifying_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    verify(path)
    assert path.read_bytes() == before


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "journal.db")


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("hello" * 500)
    with pytest.raises(JournalUnusable):
        verify(tmp_path / "journal.db")
