"""Finding records by when they are due, by their owner and by their kind, over every store."""

from typing import Literal

import pytest

from payment_core.store.port import Transaction
from payment_core.store.records import Due, Listing
from tests.contract.store.store_worlds import NOW_MS, Note, Order, StoreWorld, order, write

Direction = Literal["ascending", "descending"]


@pytest.fixture
async def stocked(world: StoreWorld) -> StoreWorld:
    """Seven orders of two customers, three of them waiting, and a note."""

    def work(transaction: Transaction) -> None:
        for number in range(1, 8):
            due = {2: NOW_MS + 30, 5: NOW_MS + 10, 6: NOW_MS + 20}.get(number, 0)
            write(transaction, order(number, customer_id="ann" if number % 2 else "bob", waits_until_ms=due))
        transaction.put(Note(id="n1"))

    await world.store.transact(work, "key:test")
    return world


async def numbers(world: StoreWorld, query: Listing[Order] | Due[Order]) -> list[int]:
    return [int(record.id[-4:]) for record in await world.store.query(query)]


@pytest.mark.parametrize(
    ("at_ms", "limit", "expected"),
    [
        (NOW_MS, 10, []),
        (NOW_MS + 10, 10, [5]),
        (NOW_MS + 30, 10, [5, 6, 2]),
        (NOW_MS + 30, 2, [5, 6]),
        (NOW_MS + 10**9, 10, [5, 6, 2]),
    ],
)
async def test_due_records_come_earliest_first(
    stocked: StoreWorld, at_ms: int, limit: int, expected: list[int]
) -> None:
    assert await numbers(stocked, Due(Order, at_ms, limit)) == expected


async def test_a_record_that_is_due_no_longer_is_not_found(stocked: StoreWorld) -> None:
    await stocked.store.transact(lambda tx: write(tx, order(5, version=2, customer_id="ann")), "key:test")
    assert await numbers(stocked, Due(Order, NOW_MS + 30)) == [6, 2]


@pytest.mark.parametrize(
    ("owner", "order_", "expected"),
    [
        ("", "ascending", [1, 2, 3, 4, 5, 6, 7]),
        ("", "descending", [7, 6, 5, 4, 3, 2, 1]),
        ("ann", "ascending", [1, 3, 5, 7]),
        ("bob", "descending", [6, 4, 2]),
        ("nobody", "ascending", []),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_together_are_the_whole_list_in_both_orders(
    stocked: StoreWorld, owner: str, order_: Direction, expected: list[int], limit: int
) -> None:
    found: list[int] = []
    after = ""
    while page := await stocked.store.query(Listing(Order, owner, after, limit, order_)):
        assert len(page) == min(limit, len(expected) - len(found))
        found += [int(record.id[-4:]) for record in page]
        after = page[-1].id
    assert found == expected


async def test_a_document_that_changes_its_owner_is_listed_under_the_new_one(stocked: StoreWorld) -> None:
    await stocked.store.transact(lambda tx: write(tx, order(3, version=2, customer_id="bob")), "key:test")
    assert await numbers(stocked, Listing(Order, "ann")) == [1, 5, 7]
    assert await numbers(stocked, Listing(Order, "bob")) == [2, 3, 4, 6]


async def test_a_deleted_record_is_not_listed(stocked: StoreWorld) -> None:
    assert [note.id for note in await stocked.store.query(Listing(Note))] == ["n1"]
    await stocked.store.transact(lambda tx: tx.delete(Note, "n1"), "key:test")
    assert await stocked.store.query(Listing(Note)) == []
