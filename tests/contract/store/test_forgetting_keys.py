"""Idempotency keys are forgotten once their operation has finished long ago, and never before, over every store."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest

from payment_core.answers import Answer
from payment_core.ledger.posting import Balances
from payment_core.operations.call import Call
from payment_core.operations.forgetting import BATCH, PUT_OFF_MS, KeyForgetting
from payment_core.operations.once import KEPT_MS, KeyRecord, claim, finish, key_id, perform_once
from payment_core.store.port import Transaction, Work
from payment_core.store.records import Query, Record
from tests.contract.store.store_worlds import NOW_MS, Note, StoreWorld

R = TypeVar("R", bound=Record)
T = TypeVar("T")

OPERATION = "note.create"


def call(key: str) -> Call:
    return Call(actor="key:test", instance="/v1/notes", key=key, request_hash=key.encode())


async def perform(world: StoreWorld, key: str) -> Answer:
    """Write a note under a key; its body is how many there were before it."""

    def work(transaction: Transaction) -> Answer:
        before = transaction.get(Note, key)
        number = 1 if before is None else len(before.text) + 1
        transaction.put(Note(id=key, text="x" * number))
        return Answer(201, str(number).encode())

    answer = await perform_once(world.store, OPERATION, call(key), work)
    assert isinstance(answer, Answer)
    return answer


async def begin(world: StoreWorld, key: str) -> None:
    await world.store.transact(
        lambda transaction: claim(transaction, OPERATION, call(key), "obj_1", NOW_MS + 1), "key:test"
    )


async def kept(world: StoreWorld, keys: Sequence[str]) -> list[str]:
    return [key for key in keys if await world.store.read(KeyRecord, key_id(OPERATION, key)) is not None]


async def put_keys(world: StoreWorld, *records: KeyRecord) -> None:
    def work(transaction: Transaction) -> None:
        for each in records:
            transaction.put(each)

    await world.store.transact(work, "key:test")


def record(key: str, forget_at_ms: int, resource_id: str = "") -> KeyRecord:
    """A finished key."""
    return KeyRecord(
        id=key_id(OPERATION, key),
        request_hash=b"h",
        resource_id=resource_id,
        created_at_ms=NOW_MS,
        status=200,
        body=b"{}",
        forget_at_ms=forget_at_ms,
    )


class CutOff:
    """A store of a process that dies before so many transactions are over. before: what others do meanwhile."""

    def __init__(self, world: StoreWorld, transactions: int, before: Callable[[], Awaitable[object]]) -> None:
        self._store = world.store
        self._left = transactions
        self._before = before

    async def transact(self, work: Work[T], actor: str) -> T:
        if self._left == 0:
            raise InterruptedError
        self._left -= 1
        await self._before()
        return await self._store.transact(work, actor)

    async def query(self, query: Query[R]) -> list[R]:
        return await self._store.query(query)

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        return await self._store.read(record_type, record_id)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        return await self._store.account(account_id, currency)


async def nothing_happens() -> None:
    """Nobody else is there."""


def all_is_done(_transaction: Transaction, _resource_id: str) -> bool:
    return False


async def run(world: StoreWorld) -> int:
    return await KeyForgetting(world.store, all_is_done).run_once(world.clock.wall_ms)


async def test_a_key_is_forgotten_once_its_time_is_over_and_not_a_millisecond_before(world: StoreWorld) -> None:
    await perform(world, "k1")
    world.clock.wall_ms = NOW_MS + KEPT_MS - 1
    assert await run(world) == 0
    assert (await perform(world, "k1")).replayed
    world.clock.wall_ms += 1
    assert await run(world) == 1
    assert await kept(world, ["k1"]) == []
    assert await run(world) == 0


async def test_a_forgotten_key_has_one_effect_again(world: StoreWorld) -> None:
    assert (await perform(world, "k1")).body == b"1"
    world.clock.wall_ms += KEPT_MS
    await run(world)
    assert (await perform(world, "k1")).body == b"2"
    assert (await perform(world, "k1")).replayed


async def test_a_key_whose_operation_is_unfinished_is_never_forgotten(world: StoreWorld) -> None:
    await begin(world, "k1")
    for _ in range(3):
        world.clock.wall_ms += 10 * KEPT_MS
        assert await run(world) == 0
    assert await kept(world, ["k1"]) == ["k1"]


async def test_the_time_of_a_key_begins_when_its_operation_has_finished(world: StoreWorld) -> None:
    await begin(world, "k1")
    world.clock.wall_ms += KEPT_MS
    await world.store.transact(lambda tx: finish(tx, key_id(OPERATION, "k1"), Answer(200, b"{}")), "key:test")
    world.clock.wall_ms += KEPT_MS - 1
    assert await run(world) == 0
    world.clock.wall_ms += 1
    assert await run(world) == 1


async def test_more_than_one_batch_is_forgotten_in_one_run_and_the_younger_keys_stay(world: StoreWorld) -> None:
    old, young = [f"old{number}" for number in range(BATCH + 3)], ["young1", "young2"]
    over_ms = NOW_MS + KEPT_MS
    for first in range(0, len(old), 20):
        await put_keys(world, *(record(key, over_ms) for key in old[first : first + 20]))
    await put_keys(world, *(record(key, over_ms + 1) for key in young))
    world.clock.wall_ms = over_ms
    assert await run(world) == len(old)
    assert await kept(world, [*old, *young]) == young


async def test_a_run_that_died_in_between_is_gone_on_with(world: StoreWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"k{number}" for number in range(6)]
    for key in keys:
        await perform(world, key)
    world.clock.wall_ms += KEPT_MS
    monkeypatch.setattr("payment_core.operations.forgetting.BATCH", 2)
    dying = CutOff(world, 2, nothing_happens)
    with pytest.raises(InterruptedError):
        await KeyForgetting(dying, all_is_done).run_once(world.clock.wall_ms)
    assert len(await kept(world, keys)) == 2
    assert await run(world) == 2
    assert await kept(world, keys) == []


async def test_a_key_that_is_used_again_while_it_is_forgotten_is_left_alone(world: StoreWorld) -> None:
    """Another process forgot it, and a caller used it, between the job's search and its transaction."""
    await perform(world, "k1")
    world.clock.wall_ms += KEPT_MS

    async def others() -> None:
        await run(world)
        await perform(world, "k1")

    late = KeyForgetting(CutOff(world, 9, others), all_is_done)
    assert await late.run_once(world.clock.wall_ms) == 0
    assert await kept(world, ["k1"]) == ["k1"]


async def test_a_key_whose_object_is_still_under_way_is_put_off_and_forgotten_afterwards(world: StoreWorld) -> None:
    under_way = {"obj_1"}
    await put_keys(world, record("k1", NOW_MS + KEPT_MS, "obj_1"))
    forgetting = KeyForgetting(world.store, lambda _transaction, resource_id: resource_id in under_way)
    world.clock.wall_ms += KEPT_MS
    assert await forgetting.run_once(world.clock.wall_ms) == 1
    assert await forgetting.run_once(world.clock.wall_ms) == 0, "not again before the next day"
    assert await kept(world, ["k1"]) == ["k1"]
    under_way.clear()
    world.clock.wall_ms += PUT_OFF_MS
    assert await forgetting.run_once(world.clock.wall_ms) == 1
    assert await kept(world, ["k1"]) == []
