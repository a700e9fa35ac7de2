"""Events for the queue, and everything that an auditor reads again, over every store."""

import msgspec
import pytest

from payment_core.ledger.posting import Balances
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.port import FIRST_ACCOUNT, AccountRow, OutboxRow
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.totals import LineTotal
from payment_core.store.trail import GENESIS
from payment_core.store.walking import every_account
from tests.contract.store.store_worlds import NOW_MS, AnyStore, StoreWorld, hold, journal, move, order, write


async def publish(store: AnyStore, *numbers: int) -> None:
    for number in numbers:
        await store.transact(lambda tx, number=number: write(tx, order(number)), "key:test")  # type: ignore[misc]  # the loop's own number


def subjects(rows: list[OutboxRow]) -> list[str]:
    return [msgspec.json.decode(row.body)["subject"][-1] for row in rows]


async def test_events_come_in_order_until_they_are_marked_as_sent(world: StoreWorld) -> None:
    await publish(world.store, 1)
    for number in (2, 3, 4):
        world.clock.wall_ms += 1
        await publish(world.store, number)
    rows = await world.store.unsent("blue", 10)
    assert subjects(rows) == ["1", "2", "3", "4"]
    assert subjects(await world.store.unsent("blue", 2)) == ["1", "2"]
    await world.store.mark_sent([rows[0].place, rows[2].place])
    await world.store.mark_sent([rows[0].place])
    assert subjects(await world.store.unsent("blue", 10)) == ["2", "4"]
    assert subjects(await world.store.events("", 10)) == ["1", "2", "3", "4"]


async def test_orphans_are_unsent_events_of_any_producer_from_before_a_time(world: StoreWorld) -> None:
    other = await world.beside("green")
    await publish(other, 1)
    world.clock.wall_ms += 1000
    await publish(world.store, 2)
    assert subjects(await world.store.orphans(NOW_MS + 1, 10)) == ["1"]
    orphans = await world.store.orphans(NOW_MS + 1001, 10)
    assert subjects(orphans) == ["1", "2"]
    await world.store.mark_sent([orphans[0].place])
    assert subjects(await world.store.orphans(NOW_MS + 1001, 10)) == ["2"]


async def test_each_producer_sees_its_own_unsent_events(world: StoreWorld) -> None:
    if world.name == "memory":
        pytest.skip("a store in memory has one producer")
    other = await world.beside("green")
    await publish(other, 1)
    await publish(world.store, 2)
    assert subjects(await world.store.unsent("green", 10)) == ["1"]
    assert subjects(await world.store.unsent("blue", 10)) == ["2"]


async def test_unsent_events_of_every_producer_are_counted_until_they_are_sent(world: StoreWorld) -> None:
    store = world.store
    if not isinstance(store, SqliteStore | DynamoStore):
        pytest.skip("nobody asks a store in memory how much is unsent")
    assert await store.count_unsent() == 0
    await publish(await world.beside("green"), 1, 2)
    await publish(store, *range(3, 8))
    assert await store.count_unsent() == 7
    await store.mark_sent([row.place for row in await store.unsent("blue", 3)])
    assert await store.count_unsent() == 4


async def test_a_table_is_not_counted_beyond_a_limit(world: StoreWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(world.store, DynamoStore):
        pytest.skip("an index on a disk of our own is counted to its end")
    monkeypatch.setattr("payment_core.store.dynamodb.reading.COUNTED_MAX", 3)
    await publish(world.store, *range(1, 8))
    assert await world.store.count_unsent() == 3


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_pages_of_events_give_each_event_once(world: StoreWorld, limit: int) -> None:
    await publish(world.store, *range(1, 8))
    found: list[str] = []
    after = ""
    while page := await world.store.events(after, limit):
        found += subjects(page)
        after = page[-1].place
    assert sorted(found) == ["1", "2", "3", "4", "5", "6", "7"]
    await publish(world.store, 8)
    assert subjects(await world.store.events(after, limit)) == ["8"]


async def test_an_event_that_comes_late_is_not_passed_over(world: StoreWorld) -> None:
    await publish(world.store, 1)
    after = (await world.store.events("", 10))[-1].place
    world.clock.wall_ms -= 60_000
    await publish(world.store, 2, 3, 4)
    assert sorted(subjects(await world.store.events(after, 10))) == ["2", "3", "4"]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_journals_are_read_again_each_once_and_from_any_place(world: StoreWorld, limit: int) -> None:
    for number in range(5):
        world.clock.wall_ms += 1
        posted = journal(f"j{number}", move("rail_clearing", f"provider_available/p{number}", number + 1))
        await world.store.transact(lambda tx, posted=posted: tx.post(posted), "key:test")  # type: ignore[misc]  # the loop's own journal
    found = []
    after = 0
    while page := await world.store.journals(after, limit):
        found += page
        assert page[-1].sequence > after
        after = page[-1].sequence
    assert [entry.journal.id for entry in found] == [f"j{number}" for number in range(5)]
    assert [entry.at_ms - NOW_MS for entry in found] == [1, 2, 3, 4, 5]


async def test_several_journals_of_one_transaction_keep_their_order(world: StoreWorld) -> None:
    def work(transaction: object) -> None:
        for number in range(4):
            transaction.post(journal(f"j{number}", move("rail_clearing", "bank", 1)))  # type: ignore[attr-defined]  # a Transaction

    await world.store.transact(work, "key:test")
    assert [entry.journal.id for entry in await world.store.journals(0, 10)] == ["j0", "j1", "j2", "j3"]
    third = (await world.store.journals(0, 3))[-1].sequence
    assert [entry.journal.id for entry in await world.store.journals(third, 10)] == ["j3"]


async def book_in_two_currencies(store: AnyStore) -> list[AccountRow]:
    """Journals that lie in every shard of hot accounts; returns the accounts that they leave, in order."""
    for number in range(5):
        posted = journal(f"j{number}", move("rail_clearing", "platform_fee", 10))
        await store.transact(lambda tx, posted=posted: tx.post(posted), "key:test")  # type: ignore[misc]  # the loop's own journal
    waits = journal(
        "e", move("bank", "customer_escrow/p1", 3), hold("bank", "customer_escrow/p2", 4, "h"), currency="EUR"
    )
    await store.transact(lambda tx: tx.post(waits), "key:test")
    return [
        AccountRow("bank", "EUR", Balances(debits_posted=3, debits_pending=4)),
        AccountRow("customer_escrow/p1", "EUR", Balances(credits_posted=3)),
        AccountRow("customer_escrow/p2", "EUR", Balances(credits_pending=4)),
        AccountRow("platform_fee", "USD", Balances(credits_posted=50)),
        AccountRow("rail_clearing", "USD", Balances(debits_posted=50)),
    ]


async def test_accounts_are_listed_by_id_and_currency_over_all_shards(world: StoreWorld) -> None:
    booked = await book_in_two_currencies(world.store)
    assert await world.store.accounts(FIRST_ACCOUNT, 10) == booked
    for limit in (1, 2, 3):
        found: list[AccountRow] = []
        while page := await world.store.accounts(found[-1].key if found else FIRST_ACCOUNT, limit):
            assert len(page) <= limit
            found += page
        assert found == booked
    assert [row async for row in every_account(world.store, "customer_escrow/")] == booked[1:3]


async def test_accounts_are_found_by_name_and_those_that_are_not_there_are_left_out(world: StoreWorld) -> None:
    booked = await book_in_two_currencies(world.store)
    asked = [("rail_clearing", "USD"), ("bank", "USD"), ("bank", "EUR"), ("customer_escrow/p3", "EUR")]
    found = await world.store.accounts_of(asked)
    assert sorted(found, key=lambda row: row.key) == [booked[0], booked[4]]


async def test_all_accounts_are_added_up_by_line_and_currency_each_counted_once(world: StoreWorld) -> None:
    assert (await world.store.totals()).lines == ()
    await book_in_two_currencies(world.store)
    totals = await world.store.totals()
    assert totals.lines == (
        LineTotal("bank", "EUR", 1, Balances(debits_posted=3, debits_pending=4)),
        LineTotal("customer_escrow", "EUR", 2, Balances(credits_posted=3, credits_pending=4)),
        LineTotal("platform_fee", "USD", 1, Balances(credits_posted=50)),
        LineTotal("rail_clearing", "USD", 1, Balances(debits_posted=50)),
    )
    assert totals.at_one_moment == (not isinstance(world.store, DynamoStore))
    assert totals.uneven() == {}


async def test_the_audit_trail_is_a_chain_from_genesis_to_its_heads(world: StoreWorld) -> None:
    await publish(world.store, *range(1, 8))
    counted = 0
    for shard, last, sha256 in await world.store.audit_heads():
        previous, sequence = GENESIS, 0
        while page := await world.store.audit(shard, sequence, 2):
            for row in page:
                assert (row.shard, row.sequence, row.previous_sha256) == (shard, sequence + 1, previous)
                previous, sequence = row.sha256(), row.sequence
                counted += 1
        assert (sequence, previous) == (last, sha256)
    assert counted == 7
