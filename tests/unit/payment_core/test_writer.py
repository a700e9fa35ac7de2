"""Group commit: what gathers shares a commit, and nobody pays for another's fault."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from payment_core.clock import SystemClock
from payment_core.errors import StoreBusy, StoreClosed
from payment_core.ledger import recipes
from payment_core.ledger.verify import verify
from payment_core.store import writer
from payment_core.store.batch import CoreBatch
from payment_core.store.store import Store


class Commits:
    """Remembers the size of every group."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def __call__(self, _published: int, writes: int, _commit_ms: float) -> None:
        self.groups.append(writes)


@pytest.fixture
def commits() -> Commits:
    return Commits()


@pytest.fixture
async def store(tmp_path: Path, commits: Commits) -> AsyncIterator[Store]:
    opened = Store(path=tmp_path / "payments.db", producer="blue", clock=SystemClock(), on_commit=commits)
    await opened.open()
    yield opened
    await opened.close()


def add_account(batch: CoreBatch, name: str) -> str:
    batch.connection.execute("INSERT INTO accounts VALUES (?, 'USD', 'debit', 0, 0, 0)", (name,))
    return name


def adding(name: str) -> Callable[[CoreBatch], str]:
    return lambda batch: add_account(batch, name)


def capturing(cents: int) -> Callable[[CoreBatch], None]:
    return lambda batch: batch.post(recipes.capture(f"pay_{cents}", amount_cents=cents, fee_cents=1))


async def accounts(store: Store) -> int:
    def count(connection: sqlite3.Connection) -> int:
        found: int = connection.execute("SELECT COUNT(*) FROM accounts WHERE id LIKE 'a%'").fetchone()[0]
        return found

    return await store.read(count)


async def test_writes_that_wait_together_share_commits_and_keep_their_answers(store: Store, commits: Commits) -> None:
    names = [f"a{number}" for number in range(200)]
    answers = await asyncio.gather(*(store.write(adding(name)) for name in names))
    assert answers == names
    assert sum(commits.groups) == 200
    assert len(commits.groups) < 100


async def test_a_write_that_raises_leaves_nothing_and_the_others_of_its_group_are_done(store: Store) -> None:
    def fails_late(batch: CoreBatch) -> str:
        add_account(batch, "a-bad")
        batch.post(recipes.capture("pay", amount_cents=100, fee_cents=8))
        message = "after writing"
        raise ValueError(message)

    results = await asyncio.gather(
        *(store.write(adding(f"a{number}")) for number in range(50)),
        store.write(fails_late),
        *(store.write(adding(f"ab{number}")) for number in range(50)),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(ValueError) == 1
    assert await accounts(store) == 100


async def test_a_write_whose_caller_left_is_still_durable(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(store.write(lambda batch: add_account(batch, "a-left")), name="leaving")
        await asyncio.sleep(0)
        leaving.cancel()
    await store.write(lambda batch: add_account(batch, "a-later"))
    assert await accounts(store) == 2


async def test_a_file_locked_for_too_long_refuses_the_write_as_retryable(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BEGIN_ATTEMPTS_MAX", 1)
    other = sqlite3.connect(tmp_path / "payments.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as caught:
        await store.write(lambda batch: add_account(batch, "a"))
    assert caught.value.retryable
    other.execute("ROLLBACK")
    other.close()
    assert await store.write(lambda batch: add_account(batch, "a")) == "a"


async def test_more_waiting_writes_than_the_limit_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WAITING_MAX", 0)
    with pytest.raises(StoreBusy):
        await store.write(lambda batch: add_account(batch, "a"))


async def test_a_closed_store_refuses(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreClosed):
        await store.write(lambda batch: add_account(batch, "a"))
    with pytest.raises(StoreClosed):
        await store.read(lambda connection: connection)


async def test_balances_gathered_in_one_group_add_up(store: Store, tmp_path: Path) -> None:
    await asyncio.gather(*(store.write(capturing(cents)) for cents in range(1, 101)))
    report = verify(tmp_path / "payments.db")
    assert (report.balanced, report.journals) == (True, 100)
