"""The core verifies its own trail: in small steps, over restarts, by one process, and whatever was changed is named."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from payment_core.audit.background import AGAIN_MS, HELD_MS
from payment_core.audit.folder import FolderRoots
from payment_core.audit.roots import DailyRoot
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.trail import sha256_of
from tests.unit.payment_core.audit.audit_world import REGISTRY as ORDERS
from tests.unit.payment_core.audit.audit_world import Order, rebuild_chain, step, tamper, write_steps
from tests.unit.payment_core.audit.verification_world import (
    HOUR_MS,
    BusyStore,
    Clock,
    last_of,
    open_file,
    progress_of,
    verification,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Twelve changes of three orders, some with journals, and a daily root after the sixth."""
    path, clock = tmp_path / "payments.db", Clock()

    async def write() -> None:
        store = open_file(path, clock)
        await store.open()
        for number in range(12):
            clock.wait(7)
            await write_steps(store, range(number, number + 1))
            if number == 5:
                await DailyRoot(store, FolderRoots(tmp_path / "roots"), None).run_once(clock.wall_ms)
        await store.close()

    asyncio.run(write())
    return path


async def found(path: Path, turns: int = 1) -> list[str]:
    """Places that a verification from the first row names."""
    tamper(path, "DELETE FROM records WHERE kind = 'audit_progress'")
    clock = Clock()
    store = open_file(path, clock)
    await store.open()
    job = verification(store, clock, path.parent / "roots")
    for _ in range(turns):
        await job.run_once(clock.wall_ms)
    last = await last_of(store)
    await store.close()
    return [finding.place for finding in last.findings]


async def test_what_nobody_changed_is_said_to_be_so_with_its_moment_and_what_was_looked_at(path: Path) -> None:
    clock = Clock()
    store = open_file(path, clock)
    await store.open()
    job = verification(store, clock, path.parent / "roots")
    clock.wait(5 * HOUR_MS)
    with capture_logs() as logs:
        await job.run_once(clock.wall_ms)
    last = await last_of(store)
    assert (last.findings, last.rows, last.documents, last.roots) == ((), 12, 3, 1)
    assert (last.began_at_ms, last.ended_at_ms) == (clock.wall_ms, clock.wall_ms)
    assert [line["action"] for line in logs] == ["audit_verified"]
    await store.close()


def edit(path: Path, *, also_trail: bool) -> None:
    """Change a document's stored bytes, and its last row with them."""
    changed = ORDERS.encode(msgspec.structs.replace(step(11), note="another"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET body = ? WHERE id = 'ord_2'", (changed,))
        if also_trail:
            row = bytes.fromhex(sha256_of(changed))
            connection.execute("UPDATE audit SET after_sha256 = ? WHERE sequence = 12", (row,))
    if also_trail:
        rebuild_chain(path)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit SET actor = 'key:other' WHERE sequence = 5", "0:5"),
        ("DELETE FROM audit WHERE sequence = 4", "0:4"),
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE sequence = 12", "0:12"),
        ("UPDATE journals SET body = CAST(replace(CAST(body AS TEXT), '101', '102') AS BLOB)", "0:2"),
        ("DELETE FROM journals WHERE id = 'j5-1'", "0:6"),
        ("INSERT INTO journals (id, at_ms, body) SELECT 'planted', at_ms, body FROM journals LIMIT 1", ""),
        ("DELETE FROM outbox WHERE sequence = 9", "0:9"),
        ("DELETE FROM outbox WHERE sequence = 12", "0:12"),
        ("UPDATE outbox SET at_ms = at_ms + 1 WHERE sequence = 3", "0:3"),
        ("DELETE FROM records WHERE id = 'ord_1'", "order ord_1"),
        (
            "INSERT INTO records SELECT kind, 'ord_9', owner, due_at_ms, body FROM records WHERE id = 'ord_1'",
            "order ord_9",
        ),
        ("UPDATE records SET body = X'00' WHERE id = 'ord_0'", "order ord_0"),
    ],
)
async def test_what_was_changed_behind_its_back_is_named(path: Path, statement: str, place: str) -> None:
    tamper(path, statement)
    places = await found(path)
    assert places[:1] == ([place] if place else []), places


async def test_a_document_that_was_changed_is_named_and_with_its_row_only_the_root_knows(path: Path) -> None:
    edit(path, also_trail=False)
    assert await found(path) == ["order ord_2"]
    edit(path, also_trail=True)
    assert await found(path) == []


async def test_a_chain_that_was_computed_again_is_found_by_the_daily_root(path: Path) -> None:
    tamper(path, "UPDATE audit SET actor = 'key:other' WHERE sequence = 5")
    rebuild_chain(path)
    assert await found(path) == ["0:6"]


async def test_a_root_that_was_changed_is_named(path: Path) -> None:
    [root] = (path.parent / "roots").glob("root-*.json")
    root.chmod(0o600)
    root.write_bytes(b"{")
    assert await found(path) == ["daily roots"]


async def test_a_version_that_was_skipped_is_named_although_the_chain_is_whole(path: Path) -> None:
    tamper(path, "UPDATE audit SET version = 9 WHERE sequence = 12")
    rebuild_chain(path)
    assert await found(path) == ["order ord_2"]


async def test_each_turn_takes_its_share_of_the_time_and_the_next_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payment_core.audit.following.PAGE", 1)
    monkeypatch.setattr("payment_core.audit.scanning.PAGE", 1)
    clock = Clock()
    store = open_file(path, clock)
    await store.open()
    job = verification(store, clock, path.parent / "roots", share=0.004)
    walked, turns = [], 0
    while (await job.run_once(clock.wall_ms)) == 0 and turns < 50:
        turns += 1
        clock.wait(10_000)
        progress = await progress_of(store)
        walked.append(progress.rows)
        if progress.last is not None:
            break
    assert walked == sorted(walked)
    assert (walked[0] < 3, walked[-1], turns > 5) == (True, 12, True)
    await store.close()


@pytest.mark.parametrize("turns", [1, 3, 6])
async def test_a_restart_goes_on_where_it_stopped(path: Path, monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    monkeypatch.setattr("payment_core.audit.following.PAGE", 1)
    monkeypatch.setattr("payment_core.audit.background.KEEP_EVERY_MS", 0)
    clock = Clock()
    store = open_file(path, clock)
    await store.open()
    job = verification(store, clock, path.parent / "roots", share=0.001)
    for _ in range(turns):
        await job.run_once(clock.wall_ms)
    rows = (await progress_of(store)).rows
    assert 0 < rows < 12
    tamper(path, "UPDATE audit SET actor = 'key:other' WHERE sequence = 1")
    clock.wait(HELD_MS + 1)
    again = verification(store, clock, path.parent / "roots", name="green")
    await again.run_once(clock.wall_ms)
    # What was walked before is not walked again; that is what the next verification is for.
    last = await last_of(store)
    assert (last.findings, last.rows, last.documents) == ((), 12, 3)
    clock.wait(24 * HOUR_MS)
    await again.run_once(clock.wall_ms)
    assert [finding.place for finding in (await last_of(store)).findings] == ["0:1"]
    await store.close()


async def test_one_process_at_a_time_verifies_and_another_goes_on_when_it_is_gone(path: Path) -> None:
    clock = Clock()
    store = open_file(path, clock)
    await store.open()
    blue, green = (verification(store, clock, path.parent / "roots", name=name) for name in ("blue", "green"))
    await blue.run_once(clock.wall_ms)
    await green.run_once(clock.wall_ms)
    assert (await progress_of(store)).holder == "blue"
    clock.wait(HELD_MS + 1)
    await write_steps(store, range(12, 14))
    await green.run_once(clock.wall_ms)
    assert (await progress_of(store)).holder == "green"
    clock.wait(HELD_MS)
    await blue.run_once(clock.wall_ms)
    clock.wait(HELD_MS)
    await green.run_once(clock.wall_ms)
    assert (await progress_of(store)).rows == 14
    await store.close()


async def test_what_is_written_afterwards_is_followed_and_a_break_in_it_is_found_at_once(path: Path) -> None:
    clock = Clock()
    store = open_file(path, clock)
    await store.open()
    job = verification(store, clock, path.parent / "roots")
    await job.run_once(clock.wall_ms)
    for number in range(12, 15):
        clock.wait(10_000)
        await write_steps(store, range(number, number + 1))
        await job.run_once(clock.wall_ms)
        assert (await progress_of(store)).rows == number + 1
        assert (await last_of(store)).rows == 12
    await write_steps(store, range(15, 18))
    tamper(path, "UPDATE audit SET actor = 'key:other' WHERE sequence = 16")
    clock.wait(10_000)
    await job.run_once(clock.wall_ms)
    assert [finding.place for finding in (await last_of(store)).findings] == ["0:16"]
    tamper(path, "UPDATE audit SET actor = 'key:15' WHERE sequence = 16")
    clock.wait(AGAIN_MS)
    await job.run_once(clock.wall_ms)
    last = await last_of(store)
    assert (last.findings, last.rows) == ((), 18)
    await store.close()


async def test_payments_during_the_scan_are_no_finding_and_a_change_behind_it_is_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payment_core.audit.scanning.PAGE", 1)
    clock = Clock()
    store = open_file(path, clock, BusyStore)
    assert isinstance(store, BusyStore)
    await store.open()
    numbers = iter(range(12, 40))

    async def pay(_: SqliteStore) -> None:
        number = next(numbers, None)
        if number is not None:
            clock.wait(1)
            await write_steps(store, range(number, number + 1))

    store.meanwhile = pay
    job = verification(store, clock, path.parent / "roots")
    for _ in range(3):
        await job.run_once(clock.wall_ms)
    last = await last_of(store)
    assert (last.findings, last.documents, last.rows > 12) == ((), 3, True)
    await store.close()


def test_orders_of_the_file_are_as_the_store_writes_them() -> None:
    assert isinstance(ORDERS.decode("order", ORDERS.encode(step(3))), Order)
