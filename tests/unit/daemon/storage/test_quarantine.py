"""The quarantine is durable, bounded, and shows no card number."""

from pathlib import Path

import pytest

from daemon.errors import QuarantineFailed
from daemon.storage import quarantine as module
from daemon.storage.quarantine import MAX_BODY, MAX_WHAT, Quarantine, Quarantined

NOW_MS = 1_795_459_572_000


async def test_what_was_put_is_there_after_a_restart_newest_first(tmp_path: Path) -> None:
    quarantine = await Quarantine.open(tmp_path / "q.db")
    first = await quarantine.put("payments", "{", "truncated", NOW_MS)
    second = await quarantine.put("ingest", b"\xff", "malformed", NOW_MS + 1)
    await quarantine.close()
    again = await Quarantine.open(tmp_path / "q.db")
    assert await again.entries() == [second, first]
    assert (first.sequence, first.at_ms, first.body, first.size_bytes) == (1, NOW_MS, "{", 1)
    assert first.sha256 == "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96"
    await again.close()


async def test_only_the_newest_are_kept_and_numbers_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    quarantine = await Quarantine.open(tmp_path / "q.db")
    for number in range(7):
        await quarantine.put("payments", str(number), "bad", NOW_MS)
    assert [entry.body for entry in await quarantine.entries()] == ["6", "5", "4"]
    assert [entry.sequence for entry in await quarantine.entries()] == [7, 6, 5]
    await quarantine.close()


async def test_a_large_body_is_cut_and_known_by_its_hash(tmp_path: Path) -> None:
    quarantine = await Quarantine.open(tmp_path / "q.db")
    entry = await quarantine.put("payments", "é" * 600_000, "w" * 10_000, NOW_MS)
    assert (len(entry.body), len(entry.what), entry.size_bytes) == (MAX_BODY, MAX_WHAT, 1_200_000)
    await quarantine.close()


async def test_a_card_number_at_the_cut_is_still_masked(tmp_path: Path) -> None:
    quarantine = await Quarantine.open(tmp_path / "q.db")
    entry = await quarantine.put("payments", "x" * (MAX_BODY - 15) + "4242424242424242", "bad", NOW_MS)
    assert "424242" not in entry.body
    await quarantine.close()


async def test_the_journal_is_told_once_it_is_on_disk(tmp_path: Path) -> None:
    told: list[Quarantined] = []

    async def note(entry: Quarantined) -> None:
        assert await quarantine.entries() == [entry]
        told.append(entry)

    quarantine = await Quarantine.open(tmp_path / "q.db", note)
    await quarantine.put("payments", "{", "truncated", NOW_MS)
    assert len(told) == 1
    await quarantine.close()


async def test_a_file_that_is_no_quarantine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.db").write_text("not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(QuarantineFailed, match=r"q\.db"):
        await Quarantine.open(tmp_path / "q.db")
