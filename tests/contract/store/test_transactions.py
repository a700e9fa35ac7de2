"""What a transaction promises, over every store."""

import msgspec
import pytest

from payment_core.errors import VersionSkipped
from payment_core.store.port import FIRST_ACCOUNT, Transaction
from payment_core.store.trail import sha256_of
from tests.contract.store.store_worlds import (
    NOW_MS,
    REGISTRY,
    Note,
    Order,
    StoreWorld,
    journal,
    move,
    order,
    write,
)


class Broken(Exception):
    """What a work of these tests raises."""


async def all_audit_rows(world: StoreWorld) -> list[tuple[str, str, int, str]]:
    rows = []
    for shard, last, _ in await world.store.audit_heads():
        rows += await world.store.audit(shard, 0, last + 10)
    return [(row.kind, row.id, row.version, row.actor) for row in rows]


async def test_everything_that_was_changed_is_there_afterwards(world: StoreWorld) -> None:
    def work(transaction: Transaction) -> str:
        write(transaction, order(1, amount_cents=5))
        transaction.put(Note(id="n1", text="hello"))
        transaction.post(journal("j1", move("rail_clearing", "platform_fee", 7)))
        return "done"

    assert await world.store.transact(work, "key:test") == "done"
    assert await world.store.read(Order, "ord_0001") == order(1, amount_cents=5)
    assert await world.store.read(Note, "n1") == Note(id="n1", text="hello")
    assert (await world.store.account("rail_clearing")).debits_posted == 7
    assert (await world.store.account("platform_fee")).credits_posted == 7


async def test_a_work_that_raises_leaves_nothing_behind(world: StoreWorld) -> None:
    def work(transaction: Transaction) -> None:
        write(transaction, order(1))
        transaction.put(Note(id="n1"))
        transaction.post(journal("j1", move("rail_clearing", "platform_fee", 7)))
        raise Broken

    with pytest.raises(Broken):
        await world.store.transact(work, "key:test")
    assert await world.store.read(Order, "ord_0001") is None
    assert await world.store.read(Note, "n1") is None
    assert await world.store.accounts(FIRST_ACCOUNT, 10) == []
    assert await world.store.journals(0, 10) == []
    assert await world.store.audit_heads() == []
    assert await world.store.events("", 10) == []


async def test_a_transaction_sees_its_own_changes(world: StoreWorld) -> None:
    def work(transaction: Transaction) -> tuple[Order | None, Note | None, int]:
        write(transaction, order(1))
        write(transaction, order(1, version=2, note="second"))
        transaction.put(Note(id="n1"))
        transaction.delete(Note, "n1")
        transaction.post(journal("j1", move("rail_clearing", "customer_escrow/p1", 7)))
        transaction.post(journal("j2", move("customer_escrow/p1", "platform_fee", 2)))
        balance = transaction.balances("customer_escrow/p1").balance_cents("credit")
        return transaction.get(Order, "ord_0001"), transaction.get(Note, "n1"), balance

    assert await world.store.transact(work, "key:test") == (order(1, version=2, note="second"), None, 5)


async def test_a_hot_account_is_read_inside_a_transaction_over_all_its_shards(world: StoreWorld) -> None:
    for number in range(6):
        await world.store.transact(
            lambda transaction, number=number: transaction.post(  # type: ignore[misc]  # the loop's own number
                journal(f"j{number}", move("rail_clearing", "platform_fee", 10))
            ),
            "key:test",
        )

    def work(transaction: Transaction) -> int:
        transaction.post(journal("last", move("rail_clearing", "platform_fee", 1)))
        return transaction.balances("platform_fee").balance_cents("credit")

    assert await world.store.transact(work, "key:test") == 61
    assert (await world.store.account("platform_fee")).credits_posted == 61


@pytest.mark.parametrize("versions", [(2,), (1, 1), (1, 3), (1, 2, 2)])
async def test_a_version_that_does_not_follow_is_refused(world: StoreWorld, versions: tuple[int, ...]) -> None:
    *good, bad = versions
    for version in good:
        await world.store.transact(lambda tx, version=version: write(tx, order(1, version=version)), "key:test")  # type: ignore[misc]  # the loop's own version
    with pytest.raises(VersionSkipped):
        await world.store.transact(lambda tx: write(tx, order(1, version=bad)), "key:test")
    assert len(await all_audit_rows(world)) == len(good)


async def test_every_change_leaves_one_audit_row_and_one_event(world: StoreWorld) -> None:
    def work(transaction: Transaction) -> None:
        write(transaction, order(1))
        write(transaction, order(2))
        write(transaction, order(1, version=2))
        transaction.put(Note(id="n1"))

    await world.store.transact(work, "key:test")
    assert await all_audit_rows(world) == [
        ("order", "ord_0001", 1, "key:test"),
        ("order", "ord_0002", 1, "key:test"),
        ("order", "ord_0001", 2, "key:test"),
    ]
    subjects = [msgspec.json.decode(row.body)["subject"] for row in await world.store.events("", 10)]
    assert subjects == ["ord_0001", "ord_0002", "ord_0001"]


async def test_an_audit_row_holds_the_hashes_of_the_stored_bytes_before_and_after(world: StoreWorld) -> None:
    first, second = order(1), order(1, version=2, note="more")
    for document in (first, second):
        await world.store.transact(lambda tx, document=document: write(tx, document), "key:test")  # type: ignore[misc]  # the loop's own document
    [(shard, _, _)] = await world.store.audit_heads()
    [one, two] = await world.store.audit(shard, 0, 10)
    assert (one.before_sha256, one.after_sha256) == ("", sha256_of(REGISTRY.encode(first)))
    assert (two.before_sha256, two.after_sha256) == (one.after_sha256, sha256_of(REGISTRY.encode(second)))
    assert two.previous_sha256 == one.sha256()


async def test_a_transaction_that_only_posts_leaves_one_audit_row_of_its_journals(world: StoreWorld) -> None:
    await world.store.transact(lambda tx: tx.post(journal("j1", move("rail_clearing", "bank", 7))), "sweep:test")
    assert await all_audit_rows(world) == [("journal", "j1", 0, "sweep:test")]
    assert await world.store.events("", 10) == []


async def test_records_alone_leave_no_audit_row(world: StoreWorld) -> None:
    await world.store.transact(lambda tx: tx.put(Note(id="n1")), "key:test")
    assert await world.store.audit_heads() == []
    assert await world.store.read(Note, "n1") == Note(id="n1")


async def test_a_deleted_record_is_gone_and_may_come_again(world: StoreWorld) -> None:
    await world.store.transact(lambda tx: tx.put(Note(id="n1", text="a")), "key:test")
    await world.store.transact(lambda tx: tx.delete(Note, "n1"), "key:test")
    assert await world.store.read(Note, "n1") is None
    await world.store.transact(lambda tx: tx.put(Note(id="n1", text="b")), "key:test")
    assert await world.store.read(Note, "n1") == Note(id="n1", text="b")


async def test_an_answer_without_a_change_writes_nothing(world: StoreWorld) -> None:
    await world.store.transact(lambda tx: write(tx, order(1)), "key:test")

    def work(transaction: Transaction) -> str:
        known = transaction.get(Order, "ord_0001")
        other = transaction.get(Order, "ord_0002")
        return f"{known is not None} {other is not None} {transaction.balances('bank').debits_posted}"

    assert await world.store.transact(work, "key:test") == "True False 0"
    assert len(await all_audit_rows(world)) == 1


async def test_a_transaction_has_one_time(world: StoreWorld) -> None:
    assert await world.store.transact(lambda tx: tx.now_ms, "key:test") == NOW_MS
    world.clock.wall_ms += 5
    assert await world.store.transact(lambda tx: tx.now_ms, "key:test") == NOW_MS + 5
