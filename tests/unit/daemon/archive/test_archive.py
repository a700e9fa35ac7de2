"""The archive: every fact once, packed by the hour, bounded, no card number; a disk that refuses holds nothing up."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from checks.facts import FACT_TYPES, AlarmStateChanged, Fact, Heartbeat
from checks.redaction.canary import CANARY, leaks
from config.settings import ArchiveSettings
from daemon.archive import archive as archive_module
from daemon.archive.archive import Archive
from daemon.archive.files import ArchiveFiles, files_in
from daemon.archive.lines import LineUnreadable, fact_of, line_of
from daemon.archive.reading import ArchiveUnreadable, Unread, archive_files, read_facts
from tests.unit.remediation.worlds import FakeClock

NOW_MS = round(datetime(2026, 3, 1, 14, 59, 50, tzinfo=UTC).timestamp() * 1000)
MEBIBYTE = 1024 * 1024


def beats(count: int, begin: int = 0) -> list[Fact]:
    return [Heartbeat(id=f"h{number}", at_ms=NOW_MS, subject="s") for number in range(begin, begin + count)]


def read(place: Path, unread: Unread | None = None) -> list[str]:
    unread = Unread() if unread is None else unread
    return [fact.id for path in archive_files(place) for fact in read_facts(path, unread, lambda _: None)]


def files(directory: Path, **changes: int) -> ArchiveFiles:
    made = ArchiveFiles(directory, **{"keep_ms": 86_400_000, "bytes_max": MEBIBYTE, **changes})
    made.open(NOW_MS)
    return made


def a_fact(fact_type: type[Fact], text: str) -> Fact:
    """A fact of the type whose every free text is this."""
    fields: dict[str, Any] = {}  # as many types as fields
    for field in msgspec.structs.fields(fact_type):
        if field.type is str:
            fields[field.name] = text
        elif field.required:
            values = getattr(field.type, "__args__", None)
            fields[field.name] = values[0] if values else 1
    return fact_type(**fields)


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda one: one.__name__)
def test_no_text_of_any_fact_brings_a_card_number_into_a_line(fact_type: type[Fact]) -> None:
    for field in (field.name for field in msgspec.structs.fields(fact_type) if field.type is str):

        def written(text: str, name: str = field) -> str:
            fact = msgspec.structs.replace(a_fact(fact_type, "x"), **{name: text})
            return str(msgspec.json.decode(line_of(fact))[name])

        assert leaks(written) == ()


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda one: one.__name__)
def test_a_line_is_read_back_as_the_same_fact(fact_type: type[Fact]) -> None:
    fact = a_fact(fact_type, "plain")
    assert fact_of(line_of(fact)) == fact


@pytest.mark.parametrize("line", [b"\n", b"{}", b'{"kind":"nothing"}', b'{"kind":"heartbeat"', b"x" * 70_000])
def test_what_is_no_fact_is_refused(line: bytes) -> None:
    with pytest.raises(LineUnreadable):
        fact_of(line)


def test_an_hour_is_one_file_and_packed_when_the_next_one_begins(tmp_path: Path) -> None:
    archive = files(tmp_path)
    archive.write(beats(3), NOW_MS)
    archive.write(beats(2, 3), NOW_MS + 5_000)
    archive.write(beats(1, 5), NOW_MS + 10_000)
    archive.close()
    names = [path.name for path in files_in(tmp_path)]
    assert names == ["facts-20260301T145950Z-000.jsonl.gz", "facts-20260301T150000Z-000.jsonl.gz"]
    assert read(tmp_path) == [f"h{number}" for number in range(6)]


def test_what_a_killed_daemon_left_is_packed_and_read(tmp_path: Path) -> None:
    archive = files(tmp_path)
    archive.write(beats(3), NOW_MS)
    assert archive._file is not None
    archive._file.write(b'{"kind":"heartb')
    archive._file.close()
    (tmp_path / "facts-20260301T145950Z-000.jsonl.gz.part").write_bytes(b"half")
    again = files(tmp_path)
    again.write(beats(1, 3), NOW_MS)
    again.close()
    unread = Unread()
    assert read(tmp_path, unread) == ["h0", "h1", "h2", "h3"]
    assert unread.lines == 1
    assert "facts-20260301T145950Z-000.jsonl.gz:4" in unread.shown[0]


def test_old_files_are_deleted_and_the_newest_stay_when_there_are_too_many_bytes(tmp_path: Path) -> None:
    archive = files(tmp_path, bytes_max=2_000)
    hours = [NOW_MS + hour * 3_600_000 for hour in range(200)]
    for number, now_ms in enumerate(hours):
        archive.write(beats(1, number), now_ms)
    archive.close()
    assert archive.kept().size_bytes < 2_300
    assert read(tmp_path)[-1] == "h199"
    later = ArchiveFiles(tmp_path, keep_ms=1_000, bytes_max=MEBIBYTE)
    later.open(round(files_in(tmp_path)[-1].stat().st_mtime * 1000) + 3_600_000)
    assert later.kept().files == 0


def test_damaged_and_foreign_files_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    archive = files(tmp_path)
    archive.write(beats(2), NOW_MS)
    archive.close()
    (tmp_path / "facts-20260302T000000Z-000.jsonl.gz").write_bytes(b"no gzip")
    unread = Unread()
    assert read(tmp_path, unread) == ["h0", "h1"]
    assert "cannot be read" in unread.shown[0]


@pytest.mark.parametrize("place", ["missing", "empty", "notes.txt"])
def test_what_is_no_archive_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ArchiveUnreadable):
        archive_files(tmp_path / place)


async def test_facts_are_written_off_the_loop_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = await Archive.open(tmp_path / "new", ArchiveSettings(enabled=True), FakeClock())
    loop, done, write = asyncio.get_running_loop(), asyncio.Event(), archive._files.write

    def noted(facts: Sequence[Fact], now_ms: int) -> None:
        assert threading.current_thread() is not threading.main_thread()
        write(facts, now_ms)
        loop.call_soon_threadsafe(done.set)

    monkeypatch.setattr(archive._files, "write", noted)
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(archive.run())
        archive.take(beats(3))
        await done.wait()
        writing.cancel()
    archive.take(beats(2, 3))
    await archive.close()
    assert sorted(set(read(tmp_path / "new"))) == [f"h{number}" for number in range(5)]


async def test_a_disk_that_refuses_is_said_once_and_what_waited_is_written_when_it_takes_it(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("a file where the directory should be")
    with capture_logs() as logs:
        archive = await Archive.open(place, ArchiveSettings(enabled=True), FakeClock())
        archive.take(beats(2))
        assert not await archive.flush()
        assert not await archive.flush()
    assert [entry["action"] for entry in logs] == ["archive_fault"]
    assert archive.status().fault
    place.unlink()
    place.mkdir()
    assert await archive.flush()
    await archive.close()
    assert (archive.status().fault, read(place)) == ("", ["h0", "h1"])


async def test_what_the_archive_has_no_room_for_is_counted_and_never_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "WAITING_FACTS_MAX", 3)
    archive = await Archive.open(tmp_path, ArchiveSettings(enabled=True), FakeClock())
    with capture_logs() as logs:
        archive.take(beats(5))
        archive.take(beats(1, 5))
    assert (archive.status().dropped, [entry["action"] for entry in logs]) == (3, ["archive_full"])
    await archive.close()
    assert read(tmp_path) == ["h0", "h1", "h2"]


def test_after_a_full_disk_no_line_is_torn_and_none_is_there_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = files(tmp_path)
    archive.write(beats(1), NOW_MS)
    inner = archive._file
    assert inner is not None
    kept = inner

    class Full:
        """Takes ten bytes and then none."""

        def __init__(self) -> None:
            self.room = 10

        def write(self, data: memoryview) -> int:
            if not self.room:
                raise OSError(28, "no space left")
            self.room = 0
            return kept.write(data[:10])

        def __getattr__(self, name: str) -> object:
            return getattr(kept, name)

    monkeypatch.setattr(archive, "_file", Full())
    with pytest.raises(OSError, match="no space"):
        archive.write(beats(2, 1), NOW_MS)
    monkeypatch.setattr(archive, "_file", inner)
    archive.write(beats(2, 1), NOW_MS)
    archive.close()
    unread = Unread()
    assert (read(tmp_path, unread), unread.lines) == (["h0", "h1", "h2"], 0)


def test_a_masked_fact_keeps_everything_else() -> None:
    fact = AlarmStateChanged(id="a", at_ms=NOW_MS, subject="x", state="ALARM", reason=f"card {CANARY}")
    assert fact_of(line_of(fact)) == msgspec.structs.replace(fact, reason="card ************4242")
