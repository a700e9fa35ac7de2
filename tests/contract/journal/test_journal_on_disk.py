"""What only a disk can get wrong: crashes, a full disk, other programs, and changed history."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from remediation.errors import JournalCorrupt, JournalFailed, JournalFull, JournalUnusable
from remediation.journal.entry import Draft, Entry
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.verify import verify
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

ROOT = Path(__file__).resolve().parents[3]
WRITER = Path(__file__).with_name("endless_writer.py")


class StoppedClock:
    """A clock at zero."""

    def now_ms(self) -> int:
        """See Clock."""
        return 0

    def monotonic_ms(self) -> float:
        """See Clock."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        raise AssertionError(seconds)


def note(text: str = "") -> Draft:
    return Draft(at_ms=0, kind="note", actor="test", body=msgspec.Raw(msgspec.json.encode({"text": text})))


async def written(path: Path, count: int) -> list[Entry]:
    journal = await SqliteJournal.open(path)
    lease = await journal.acquire_lease("test", 1_000, 0)
    for number in range(count):
        await journal.append(note(str(number)), expected_sequence=number, epoch=lease.epoch)
    entries = await journal.read(0, count)
    await journal.release_lease(lease)
    await journal.close()
    return entries


def killed_writer(path: Path, acknowledged_before_kill: int) -> int:
    """The last sequence that was acknowledged to a writer that is dead now."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
    ) as process:
        if process.stdout is None:
            pytest.fail("the writer has no stdout")
        acknowledged = [int(process.stdout.readline()) for _ in range(acknowledged_before_kill)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
    return max(acknowledged)


@pytest.mark.parametrize("acknowledged_before_kill", [1, 7, 40])
async def test_a_killed_writer_leaves_whole_entries_and_every_acknowledged_one(
    tmp_path: Path, acknowledged_before_kill: int
) -> None:
    path = tmp_path / "journal.db"
    acknowledged = await asyncio.to_thread(killed_writer, path, acknowledged_before_kill)
    verification = verify(path)
    assert verification.first_bad is None
    assert verification.entries >= acknowledged
    journal = await SqliteJournal.open(path)
    lease = await journal.acquire_lease("writer", 1_000, 0)
    entry = await journal.append(note(), expected_sequence=verification.entries, epoch=lease.epoch)
    assert entry.sequence == verification.entries + 1
    await journal.close()


async def test_a_torn_write_ahead_log_opens_with_the_whole_entries_before_the_tear(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    journal = await SqliteJournal.open(path)
    lease = await journal.acquire_lease("test", 1_000, 0)
    for number in range(10):
        await journal.append(note(str(number)), expected_sequence=number, epoch=lease.epoch)
    # A copy under a running writer is what a power cut leaves; then the tail of its log is torn.
    shutil.copy(path, copy)
    log = path.with_name("journal.db-wal").read_bytes()
    await journal.close()
    copy.with_name("copy.db-wal").write_bytes(log[: len(log) - 2_000])
    opened = await SqliteJournal.open(copy)
    entries = await opened.read(0, 100)
    await opened.close()
    assert 0 < len(entries) < 10
    assert verify(copy).first_bad is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET actor = 'nobody' WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 3",
        "INSERT INTO entries SELECT 9, epoch, at_ms, kind, actor, body, previous_hash, hash FROM entries LIMIT 1",
        "INSERT OR REPLACE INTO entries SELECT 2, epoch, at_ms, kind, actor, body, previous_hash, hash FROM entries",
        "UPDATE lease SET epoch = 0",
        "DELETE FROM lease",
    ],
)
async def test_the_tables_themselves_refuse_to_change_history(tmp_path: Path, statement: str) -> None:
    await written(tmp_path / "journal.db", 3)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


async def test_a_full_disk_writes_nothing_says_so_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path, pages_max=20)
    lease = await journal.acquire_lease("test", 1_000, 0)
    large = note("x" * 5_000)
    appended = 0
    full: JournalFull | None = None
    while full is None:
        try:
            await journal.append(large, expected_sequence=appended, epoch=lease.epoch)
            appended += 1
        except JournalFull as fault:
            full = fault
    assert not full.retryable
    assert (await journal.head()).sequence == appended > 0
    await journal.close()
    roomier = await SqliteJournal.open(path)
    await roomier.append(large, expected_sequence=appended, epoch=lease.epoch)
    await roomier.close()
    assert verify(path).entries == appended + 1


async def test_a_full_disk_fails_every_append_of_the_group_and_none_is_written(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db", pages_max=20)
    lease = await journal.acquire_lease("test", 1_000, 0)
    answers = await asyncio.gather(
        *(journal.append(note("x" * 9_000), expected_sequence=None, epoch=lease.epoch) for _ in range(40)),
        return_exceptions=True,
    )
    written_ones = [answer for answer in answers if isinstance(answer, Entry)]
    assert all(isinstance(answer, Entry | JournalFull) for answer in answers)
    assert len(written_ones) == (await journal.head()).sequence < 40
    await journal.close()


async def test_a_failing_disk_is_a_fault_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path)
    lease = await journal.acquire_lease("test", 1_000, 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TABLE head")
    with pytest.raises(JournalFailed):
        await journal.append(note(), expected_sequence=None, epoch=lease.epoch)
    await journal.close()


async def test_a_journal_is_continued_by_the_next_process(tmp_path: Path) -> None:
    first = await written(tmp_path / "journal.db", 3)
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    lease = await journal.acquire_lease("next", 1_000, 0)
    entry = await journal.append(note(), expected_sequence=3, epoch=lease.epoch)
    assert (entry.sequence, entry.previous_hash, lease.epoch) == (4, first[-1].hash, 2)
    await journal.close()


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(JournalUnusable):
        await SqliteJournal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be read" * 20, b"SQLite format 3\0" * 9]
)
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalUnusable):
        await SqliteJournal.open(path)


async def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", 1)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalUnusable):
        await SqliteJournal.open(tmp_path / "journal.db")


async def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable):
        await SqliteJournal.open(tmp_path / "missing" / "journal.db")


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE entries SET body = \'{"text":"edited"}\' WHERE sequence = 2',
        "DELETE FROM entries WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 3",
    ],
)
async def test_a_writer_does_not_start_on_a_broken_chain(tmp_path: Path, statement: str) -> None:
    await written(tmp_path / "journal.db", 3)
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_changed")
        connection.execute("DROP TRIGGER entries_are_never_deleted")
        connection.execute(statement)
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    lease = await journal.acquire_lease("test", 1_000, 0)
    clock: Clock = StoppedClock()
    with pytest.raises(JournalCorrupt):
        await JournalWriter.open(journal, lease, clock)
    await journal.close()


async def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    connection = journal._connection
    full = 2
    assert await journal._run(lambda: connection.execute("PRAGMA synchronous").fetchone()) == (full,)
    assert await journal._run(lambda: connection.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    await journal.close()
