"""Many transactions at the same time, over every store that can take them."""

import asyncio

import pytest

from payment_core.answers import Answer
from payment_core.ledger.journals import LedgerRefusal
from payment_core.operations.call import Call
from payment_core.operations.once import perform_once
from payment_core.store.port import Transaction
from tests.contract.store.store_worlds import Order, StoreWorld, journal, move, order, write

pytestmark = pytest.mark.usefixtures("several_calls_in_flight")


def at_once(world: StoreWorld, many: int, fewer: int) -> int:
    """How many at the same time: an emulator takes some hundred calls a second."""
    return fewer if world.name == "ministack" else many


async def test_transfers_back_and_forth_keep_the_sum(world: StoreWorld) -> None:
    accounts = [f"provider_available/p{number}" for number in range(4)]
    for account in accounts:
        await world.store.transact(
            lambda tx, account=account: tx.post(journal(f"fund-{account}", move("rail_clearing", account, 100))),  # type: ignore[misc]  # the loop's own account
            "key:test",
        )
    stores = [await world.beside("blue"), await world.beside("green")]

    async def transfer(number: int) -> LedgerRefusal | None:
        debit, credit = accounts[number % 4], accounts[(number * 3 + 1) % 4]
        posted = journal(f"t{number}", move(debit, credit, 7 + number))
        return await stores[number % 2].transact(lambda tx: tx.post(posted), "key:test")

    refusals = await asyncio.gather(*(transfer(number) for number in range(at_once(world, 100, 40))))
    assert set(refusals) <= {None, LedgerRefusal.EXCEEDS_BALANCE, LedgerRefusal.ACCOUNTS_MUST_DIFFER}
    balances = [(await world.store.account(account)).balance_cents("credit") for account in accounts]
    assert sum(balances) == 400
    assert min(balances) >= 0
    posted = {entry.journal.id for entry in await world.store.journals(0, 1000)}
    done = {f"t{number}" for number, refusal in enumerate(refusals) if refusal is None}
    assert {name for name in posted if name.startswith("t")} == done


async def test_fifty_at_once_never_overdraw_an_account(world: StoreWorld) -> None:
    account = "provider_available/p1"
    await world.store.transact(lambda tx: tx.post(journal("fund", move("rail_clearing", account, 100))), "key:test")
    stores = [world.store, await world.beside("green")]

    async def take(number: int) -> LedgerRefusal | None:
        posted = journal(f"take-{number}", move(account, "payout_in_flight", 7))
        return await stores[number % 2].transact(lambda tx: tx.post(posted), "key:test")

    refusals = await asyncio.gather(*(take(number) for number in range(50)))
    assert refusals.count(None) == 14
    assert refusals.count(LedgerRefusal.EXCEEDS_BALANCE) == 36
    assert (await world.store.account(account)).balance_cents("credit") == 2


async def test_one_key_has_one_effect_however_often_it_comes(world: StoreWorld) -> None:
    stores = [world.store, await world.beside("green")]

    def work(transaction: Transaction) -> Answer:
        transaction.post(journal("pay", move("rail_clearing", "provider_available/p1", 100)))
        write(transaction, order(1))
        return Answer(201, b'{"id":"ord_0001"}')

    call = Call(actor="key:test", instance="/v1/orders", key="k1", request_hash=b"hash")
    answers = await asyncio.gather(
        *(perform_once(stores[number % 2], "order", call, work) for number in range(at_once(world, 1000, 50)))
    )
    effects = [answer for answer in answers if isinstance(answer, Answer) and not answer.replayed]
    assert len(effects) == 1
    assert {answer.body for answer in answers if isinstance(answer, Answer)} == {b'{"id":"ord_0001"}'}
    assert all(isinstance(answer, Answer) for answer in answers)
    assert (await world.store.account("provider_available/p1")).credits_posted == 100


async def test_increments_from_two_processes_are_all_counted(world: StoreWorld) -> None:
    await world.store.transact(lambda tx: write(tx, order(1)), "key:test")
    stores = [world.store, await world.beside("green")]

    def increment(transaction: Transaction) -> None:
        found = transaction.get(Order, "ord_0001")
        assert found is not None
        write(transaction, order(1, version=found.version + 1, amount_cents=found.amount_cents + 1))

    count = at_once(world, 40, 20)
    await asyncio.gather(*(stores[number % 2].transact(increment, "key:test") for number in range(count)))
    found = await world.store.read(Order, "ord_0001")
    assert found is not None
    assert (found.version, found.amount_cents) == (count + 1, count)


async def test_two_transactions_that_read_what_the_other_writes_cannot_both_be_right(world: StoreWorld) -> None:
    """Write skew: each takes the other's absence for its own right."""
    stores = [world.store, await world.beside("green")]

    def claim(mine: int, other: int) -> object:
        def work(transaction: Transaction) -> bool:
            if transaction.get(Order, f"ord_{other:04d}") is not None:
                return False
            write(transaction, order(mine))
            return True

        return work

    for pair in range(0, at_once(world, 40, 10), 2):
        claims = [claim(pair, pair + 1), claim(pair + 1, pair)]
        won: list[object] = await asyncio.gather(
            *(store.transact(work, "key:test") for store, work in zip(stores, claims, strict=True))  # type: ignore[arg-type]  # works of bool
        )
        assert sorted(won, key=bool) == [False, True]


async def test_a_balance_that_was_read_is_still_true_when_its_reader_commits(world: StoreWorld) -> None:
    stores = [world.store, await world.beside("green")]

    def top_up(number: int) -> object:
        def work(transaction: Transaction) -> None:
            if transaction.balances("provider_available/p1").credits_posted < 50:
                transaction.post(journal(f"up-{number}", move("rail_clearing", "provider_available/p1", 10)))

        return work

    works = [top_up(number) for number in range(at_once(world, 40, 16))]
    await asyncio.gather(*(stores[number % 2].transact(work, "key:test") for number, work in enumerate(works)))  # type: ignore[arg-type]  # works of None
    assert (await world.store.account("provider_available/p1")).credits_posted == 50
