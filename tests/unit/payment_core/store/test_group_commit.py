"""Group commit: what gathers shares a commit, and nobody pays for another's fault."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from payment_core.clock import SystemClock
from payment_core.errors import DatabaseUnusable, StoreBusy, StoreClosed, VersionSkipped
from payment_core.ledger.accounts import BANK
from payment_core.store.port import Transaction
from payment_core.store.records import Listing
from payment_core.store.sqlite import writer
from payment_core.store.sqlite.store import SqliteStore
from tests.unit.payment_core.store.ledger_notes import REGISTRY, Paper, posting, write_paper, writing


class Commits:
    """Remembers the size of every group."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def __call__(self, _published: int, writes: int, _commit_ms: float) -> None:
        self.groups.append(writes)


@pytest.fixture
def commits() -> Commits:
    return Commits()


def store_on(path: Path, commits: Commits, producer: str = "blue") -> SqliteStore:
    return SqliteStore(path=path, registry=REGISTRY, producer=producer, clock=SystemClock(), on_commit=commits)


@pytest.fixture
async def store(tmp_path: Path, commits: Commits) -> AsyncIterator[SqliteStore]:
    opened = store_on(tmp_path / "payments.db", commits)
    await opened.open()
    yield opened
    await opened.close()


async def papers(store: SqliteStore) -> list[str]:
    return [paper.id for paper in await store.query(Listing(Paper, limit=1000))]


async def test_writes_that_wait_together_share_commits_and_keep_their_answers(
    store: SqliteStore, commits: Commits
) -> None:
    names = [f"a{number}" for number in range(200)]
    answers = await asyncio.gather(*(store.transact(writing(name), "test") for name in names))
    assert answers == names
    assert sum(commits.groups) == 200
    assert len(commits.groups) < 100


async def test_a_write_that_raises_leaves_nothing_and_the_others_of_its_group_are_done(store: SqliteStore) -> None:
    def fails_late(transaction: Transaction) -> str:
        write_paper(transaction, "bad")
        posting("bad", 100)(transaction)
        message = "after writing"
        raise ValueError(message)

    results = await asyncio.gather(
        *(store.transact(writing(f"a{number}"), "test") for number in range(50)),
        store.transact(fails_late, "test"),
        *(store.transact(writing(f"b{number}"), "test") for number in range(50)),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(ValueError) == 1
    assert len(await papers(store)) == 100
    assert "bad" not in await papers(store)
    assert (await store.account(BANK.name)).debits_posted == 0


async def test_a_second_document_of_the_same_id_is_refused_and_the_others_of_its_group_are_done(
    store: SqliteStore,
) -> None:
    await store.transact(writing("twice"), "test")
    results = await asyncio.gather(
        *(store.transact(writing(name), "test") for name in ("a", "twice", "b")), return_exceptions=True
    )
    assert results[0] == "a"
    assert isinstance(results[1], (VersionSkipped, sqlite3.IntegrityError))
    assert results[2] == "b"
    assert sorted(await papers(store)) == ["a", "b", "twice"]


async def test_a_second_document_within_one_group_is_refused(store: SqliteStore) -> None:
    results = await asyncio.gather(
        *(store.transact(writing("same"), "test") for _ in range(20)), return_exceptions=True
    )
    assert [result for result in results if result == "same"] == ["same"]
    assert len(await papers(store)) == 1


async def test_a_write_whose_caller_left_is_still_durable(store: SqliteStore) -> None:
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(store.transact(writing("left"), "test"), name="leaving")
        await asyncio.sleep(0)
        leaving.cancel()
    await store.transact(writing("later"), "test")
    assert sorted(await papers(store)) == ["later", "left"]


async def test_a_file_locked_for_too_long_refuses_the_write_as_retryable(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BEGIN_ATTEMPTS_MAX", 1)
    other = sqlite3.connect(tmp_path / "payments.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as caught:
        await store.transact(writing("a"), "test")
    assert caught.value.retryable
    other.execute("ROLLBACK")
    other.close()
    assert await store.transact(writing("a"), "test") == "a"


async def test_more_waiting_writes_than_the_limit_are_refused(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "WAITING_MAX", 0)
    with pytest.raises(StoreBusy):
        await store.transact(writing("a"), "test")


async def test_a_closed_store_refuses(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StoreClosed):
        await store.transact(writing("a"), "test")
    with pytest.raises(StoreClosed):
        await store.read(Paper, "a")


async def test_a_writer_that_died_refuses_everything_at_once(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_self: object, _connection: object) -> None:
        message = "no such thing"
        raise OSError(message)

    monkeypatch.setattr(writer.GroupWriter, "_commit_group", dies)
    with pytest.raises(StoreClosed):
        await store.transact(writing("a"), "test")
    with pytest.raises(StoreClosed):
        await store.transact(writing("b"), "test")
    with pytest.raises(StoreClosed):
        await store.read(Paper, "a")


async def test_two_processes_on_one_file_keep_one_order_of_audit_rows_and_events(
    store: SqliteStore, tmp_path: Path
) -> None:
    other = store_on(tmp_path / "payments.db", Commits(), producer="green")
    await other.open()
    try:
        await asyncio.gather(
            *(store.transact(writing(f"a{number}"), "test") for number in range(100)),
            *(other.transact(writing(f"b{number}"), "test") for number in range(100)),
            *(store.transact(posting(f"ja{number}", 1), "test") for number in range(100)),
            *(other.transact(posting(f"jb{number}", 1), "test") for number in range(100)),
        )
        rows = await store.audit(0, 0, 1000)
        assert [row.sequence for row in rows] == list(range(1, 401))
        assert [row.sha256() for row in rows[:-1]] == [row.previous_sha256 for row in rows[1:]]
        assert [event.place for event in await store.events("", 1000)] == [str(number) for number in range(1, 201)]
        assert (await other.account(BANK.name)).debits_posted == 200
    finally:
        await other.close()


async def test_a_file_of_another_layout_is_refused_and_left_alone(tmp_path: Path, commits: Commits) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE payments (id TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseUnusable, match="layout"):
        await store_on(path, commits).open()
    tables = sqlite3.connect(path)
    assert tables.execute("SELECT name FROM sqlite_schema").fetchall() == [("payments",)]
    tables.close()
