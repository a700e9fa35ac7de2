"""Few calls, shared misses, and no data key in memory longer or used more often than its limits say."""

import asyncio

import pytest

from payment_core.vault.errors import DataKeyErased, KeyDisabled, KeyUnavailable, TamperedRecord
from payment_core.vault.keys.cache import CacheLimits
from payment_core.vault.keys.port import Context, DataKey, KeyState, NewDataKey, WrappedKey, erase
from payment_core.vault.keys.single_flight import SingleFlight
from payment_core.vault.memory import MemoryKeyService
from tests.unit.payment_core.vault.vault_world import TENANT, World

HOUR_MS = 3_600_000


class GatedKeys(MemoryKeyService):
    """Answers when the gate is opened, or fails as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.failures = 0

    async def generate_data_key(self, context: Context) -> NewDataKey:
        made = await super().generate_data_key(context)
        await self._pass()
        return made

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        opened = await super().decrypt(wrapped, context)
        await self._pass()
        return opened

    async def _pass(self) -> None:
        await self.gate.wait()
        if self.failures > 0:
            self.failures -= 1
            raise KeyUnavailable


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_thousand_cold_misses_are_one_call() -> None:
    keys = GatedKeys()
    world = World(keys=keys)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(world.cache.sealing_key(32)) for _ in range(1_000)]
        await settle()
        assert keys.made == 1
        keys.gate.set()
    assert len({task.result().id for task in waiting}) == 1
    assert keys.made == 1
    assert world.cache.counts.made == 1
    assert world.cache.counts.waits == 1_000


async def test_a_failure_is_shared_and_the_next_caller_tries_again() -> None:
    keys = GatedKeys()
    keys.failures = 1
    world = World(keys=keys)
    waiting = asyncio.gather(*(world.cache.sealing_key(32) for _ in range(1_000)), return_exceptions=True)
    await settle()
    keys.gate.set()
    assert all(isinstance(outcome, KeyUnavailable) for outcome in await waiting)
    assert keys.made == 1
    assert not (await world.cache.sealing_key(32)).erased
    assert keys.made == 2
    assert world.cache.counts.failures == 1


async def test_when_the_caller_who_asks_is_cancelled_another_one_asks() -> None:
    keys = GatedKeys()
    world = World(keys=keys)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(world.cache.sealing_key(32))
        await settle()
        others = [group.create_task(world.cache.sealing_key(32)) for _ in range(5)]
        await settle()
        first.cancel()
        await settle()
        keys.gate.set()
    assert first.cancelled()
    assert len({task.result().id for task in others}) == 1
    assert keys.made == 2


async def test_a_cancelled_waiter_takes_nobody_with_it() -> None:
    keys = GatedKeys()
    world = World(keys=keys)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(world.cache.sealing_key(32)) for _ in range(3)]
        await settle()
        tasks[1].cancel()
        await settle()
        keys.gate.set()
    assert tasks[1].cancelled()
    assert tasks[0].result() is tasks[2].result()
    assert keys.made == 1


async def test_a_data_key_is_stored_before_anything_is_sealed_with_it() -> None:
    world = World()
    key = await world.cache.sealing_key(32)
    row = world.records.rows[key.id]
    assert row.sealing_ends_at_ms == row.created_at_ms + HOUR_MS
    assert await world.cache.opening_key(row) is not key
    assert world.master.opened == 0, "a key that was just made is not asked for again"


async def test_a_data_key_is_replaced_at_its_age() -> None:
    world = World()
    first = await world.cache.sealing_key(32)
    world.clock.passed_ms = HOUR_MS - 1
    assert await world.cache.sealing_key(32) is first
    world.clock.passed_ms = HOUR_MS
    second = await world.cache.sealing_key(32)
    assert second.id != first.id
    assert first.erased


@pytest.mark.parametrize(("passed_ms", "wall_jump_ms"), [(HOUR_MS, -HOUR_MS), (0, HOUR_MS)])
async def test_a_wall_clock_that_jumps_makes_no_data_key_older_than_its_row_says(
    passed_ms: int, wall_jump_ms: int
) -> None:
    world = World()
    first = await world.cache.sealing_key(32)
    world.clock.passed_ms, world.clock.wall_jump_ms = passed_ms, wall_jump_ms
    assert (await world.cache.sealing_key(32)).id != first.id


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        (CacheLimits(sealing_messages=10), 32),
        (CacheLimits(sealing_bytes=320), 32),
        (CacheLimits(sealing_bytes=329), 32),
    ],
)
async def test_a_data_key_is_replaced_after_its_messages_or_bytes(limits: CacheLimits, size: int) -> None:
    world = World(limits=limits)
    ids = [(await world.cache.sealing_key(size)).id for _ in range(30)]
    assert [ids.count(key_id) for key_id in dict.fromkeys(ids)] == [10, 10, 10]


async def test_a_message_larger_than_the_limit_gets_a_key_of_its_own() -> None:
    world = World(limits=CacheLimits(sealing_bytes=100))
    ids = {(await world.cache.sealing_key(1_000)).id for _ in range(3)}
    assert len(ids) == 3


async def test_limits_hold_when_a_thousand_callers_wait_at_once() -> None:
    keys = GatedKeys()
    keys.gate.set()
    world = World(keys=keys, limits=CacheLimits(sealing_messages=100))
    sealed: list[str] = []

    async def seal_once() -> None:
        key = await world.cache.sealing_key(32)
        # An erased key would raise here.
        key.seal(b"x", b"")
        sealed.append(key.id)

    async with asyncio.TaskGroup() as group:
        for _ in range(1_000):
            group.create_task(seal_once())
    assert [sealed.count(key_id) for key_id in dict.fromkeys(sealed)] == [100] * 10
    assert keys.made == 10


async def test_the_least_recently_opened_key_is_erased_first() -> None:
    writer = World()
    ids = [await writer.cache.rotate() for _ in range(4)]
    rows = [writer.records.rows[key_id] for key_id in ids]
    reader = World(beside=writer, limits=CacheLimits(opening_keys=3))
    first, second, third = [await reader.cache.opening_key(row) for row in rows[:3]]
    await reader.cache.opening_key(rows[0])
    await reader.cache.opening_key(rows[3])
    assert second.erased
    assert not first.erased
    assert not third.erased
    assert reader.cache.counts.evictions == 1


async def test_many_who_open_the_same_key_are_one_call() -> None:
    writer = World()
    row = writer.records.rows[await writer.cache.rotate()]
    keys = GatedKeys()
    keys.master_keys = writer.master.master_keys
    reader = World(beside=writer, keys=keys)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(reader.cache.opening_key(row)) for _ in range(100)]
        await settle()
        keys.gate.set()
    assert keys.opened == 1
    assert len({id(task.result()) for task in waiting}) == 1


async def test_an_opened_key_is_asked_for_again_after_its_age() -> None:
    writer = World()
    row = writer.records.rows[await writer.cache.rotate()]
    reader = World(beside=writer)
    kept = await reader.cache.opening_key(row)
    writer.clock.passed_ms = HOUR_MS
    assert await reader.cache.opening_key(row) is not kept
    assert kept.erased
    assert writer.master.opened == 2


async def test_forgetting_all_holds_for_a_call_that_is_under_way() -> None:
    keys = GatedKeys()
    world = World(keys=keys)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(world.cache.sealing_key(32))
        await settle()
        world.cache.forget_all()
        keys.gate.set()
    assert keys.made == 2, "the key that came back late was not used"
    assert not waiting.result().erased


async def test_a_disabled_key_is_told_to_whoever_waits() -> None:
    world = World()
    world.master.set_state(KeyState.DISABLED)
    outcomes = await asyncio.gather(*(world.cache.sealing_key(32) for _ in range(10)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {KeyDisabled}


async def test_an_erased_key_seals_nothing_and_its_bytes_are_gone() -> None:
    plaintext = bytearray(range(32))
    key = DataKey("dek_1", plaintext)
    assert "dek_1" in repr(key)
    key.erase()
    for use in (lambda: key.seal(b"x", b""), lambda: key.open(bytes(40), b""), key.bytes_for_mac):
        with pytest.raises(DataKeyErased):
            use()
    assert not any(plaintext)


def test_erasing_overwrites_every_byte_in_place() -> None:
    secret = bytearray(range(1, 33))
    view = memoryview(secret)
    erase(secret)
    assert bytes(view) == bytes(32)


async def test_rotation_seals_with_a_new_key_and_keeps_the_old_one_readable() -> None:
    world = World()
    old = await world.cache.sealing_key(32)
    sealed = old.seal(b"text", b"aad")
    new_id = await world.cache.rotate()
    assert new_id != old.id
    assert (await world.cache.sealing_key(32)).id == new_id
    assert (await world.cache.opening_key(world.records.rows[old.id])).open(sealed, b"aad") == b"text"


async def test_a_row_whose_blob_was_changed_is_not_served_from_memory() -> None:
    world = World()
    row = world.records.rows[await world.cache.rotate()]
    changed = type(row)(
        id=row.id,
        tenant=TENANT,
        purpose=row.purpose,
        wrapped=WrappedKey(row.wrapped.blob[:-1] + b"\x00\x01", row.wrapped.key_id),
        created_at_ms=row.created_at_ms,
        sealing_ends_at_ms=row.sealing_ends_at_ms,
    )
    with pytest.raises(TamperedRecord):
        await world.cache.opening_key(changed)


async def test_single_flight_keeps_nothing_behind() -> None:
    flight: SingleFlight[int] = SingleFlight()

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    done = await asyncio.gather(flight.run("a", work), flight.run("b", work), flight.run("a", work))
    assert list(done) == [7, 7, 7]
    assert not flight._flights
