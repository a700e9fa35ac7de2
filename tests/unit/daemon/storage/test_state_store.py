"""Snapshots on disk: whole or not there, the newest two, and never trusted without their hash."""

from pathlib import Path
from random import Random

import pytest

from checks import state as states
from checks.state import EngineState
from daemon.errors import StateNotKept
from daemon.storage import state_store
from daemon.storage.state_store import Snapshot, StateStore

EMPTY = EngineState(version=states.VERSION, observed_facts=7, skewed_facts=0, releases={"green": "r1"}, parts=())


def snapshot(sequence: int) -> Snapshot:
    return Snapshot("log", sequence, 1_000 + sequence, EMPTY)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


async def test_what_was_kept_is_read_back_and_only_the_newest_two_stay(tmp_path: Path) -> None:
    store = StateStore(tmp_path / "state")
    assert (await store.read()).snapshots == ()
    for sequence in range(1, 5):
        assert await store.keep(snapshot(sequence)) > 0
    found = await store.read()
    assert found.snapshots == (snapshot(4), snapshot(3))
    assert found.problems == ()
    assert len(files(tmp_path / "state")) == 2


async def test_a_log_that_began_anew_does_not_lose_its_snapshots_to_older_ones(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    await store.keep(snapshot(900))
    await store.keep(snapshot(1))
    await store.keep(snapshot(2))
    assert [one.sequence for one in (await store.read()).snapshots] == [2, 1]


async def test_any_damage_to_the_newest_is_noticed_and_the_one_before_is_there(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    await store.keep(snapshot(1))
    await store.keep(snapshot(2))
    newest = files(tmp_path)[-1]
    whole = newest.read_bytes()
    chance = Random(4)  # noqa: S311  # the same damage each time
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    for _ in range(60):
        place = chance.randrange(len(whole))
        damaged.append(whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :])
    for content in damaged:
        newest.write_bytes(content)
        found = await store.read()
        assert found.snapshots == (snapshot(1),)
        (problem,) = found.problems
        assert newest.name in problem


async def test_a_snapshot_of_another_version_is_named_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, version = StateStore(tmp_path), states.VERSION
    await store.keep(snapshot(1))
    monkeypatch.setattr(states, "VERSION", version + 1)
    found = await store.read()
    assert found.snapshots == ()
    assert f"version {version}" in found.problems[0]


async def test_what_a_kill_left_half_written_is_no_snapshot_and_is_cleared_away(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    await store.keep(snapshot(1))
    (tmp_path / ".0000000002.state.draft").write_bytes(b"tillwatch state\nhalf")
    (tmp_path / "notes.state").write_text("an operator's")
    assert (await store.read()).snapshots == (snapshot(1),)
    await store.keep(snapshot(2))
    assert [path.name for path in files(tmp_path)] == ["0000000001.state", "0000000002.state", "notes.state"]


async def test_a_folder_that_cannot_be_used_is_a_fault_and_leaves_what_was_kept(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    with pytest.raises(StateNotKept, match="state"):
        await StateStore(tmp_path / "state").keep(snapshot(1))


async def test_more_than_may_be_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_store, "STATE_BYTES_MAX", 10)
    with pytest.raises(StateNotKept, match="bytes"):
        await StateStore(tmp_path).keep(snapshot(1))
    assert (await StateStore(tmp_path).read()).snapshots == ()
