"""Re-encryption loses no number and counts exactly, wherever it is stopped and whatever happens meanwhile."""

from collections.abc import Sequence

import msgspec
import pytest

from payment_core.vault.access import Purpose
from payment_core.vault.errors import DataKeyGone, KeyUnavailable, TamperedRecord
from payment_core.vault.keys.cache import CacheLimits
from payment_core.vault.keys.port import KeyState
from payment_core.vault.memory import MemoryRecords
from payment_core.vault.records import KeyMove, MoveProgress
from payment_core.vault.reencryption import BATCH_KEYS, BatchContended, JobUnclear
from tests.unit.payment_core.vault.vault_world import TENANT, World, card, pan_number


class Crash(Exception):  # it is one
    """The process ends here."""


async def filled(count: int, world: World | None = None) -> tuple[World, list[str], str]:
    """A world with so many cards under one data key: tokens and the key's id."""
    world = World() if world is None else world
    tokens = [(await world.vault.tokenize_card(card(pan_number(number)))).token for number in range(count)]
    [data_key_id] = {world.records.keys[token].data_key_id for token in tokens}
    return world, tokens, data_key_id


async def numbers(world: World, tokens: Sequence[str]) -> list[str]:
    """The numbers behind the tokens, read by a fresh process."""
    reader = World(beside=world)
    asked = {"role": "card_rail", "reason": "check", "actor": "test", "purpose": Purpose.AUTHORIZATION}
    opened = [await reader.vault.detokenize(token, **asked) for token in tokens]  # type: ignore[arg-type]  # one dict for all arguments
    return [one.pan.reveal() for one in opened if hasattr(one, "pan")]


def under(records: MemoryRecords, data_key_id: str) -> int:
    return sum(key.data_key_id == data_key_id for key in records.keys.values())


async def test_every_record_moves_and_stays_readable() -> None:
    world, tokens, old = await filled(130)
    before = {token: world.records.records[token] for token in tokens}
    done = await world.reencryption.empty_data_key("job", old)
    assert (done.moved, done.damaged, done.batches, done.finished) == (130, 0, 3, True)
    assert under(world.records, old) == 0
    assert before == {token: world.records.records[token] for token in tokens}, "no record is touched, only keys"
    assert await numbers(world, tokens) == [pan_number(number) for number in range(130)]
    assert [progress.moved for progress in world.batches] == [50, 100, 130, 130]


async def test_the_old_data_key_is_not_needed_afterwards() -> None:
    world, tokens, old = await filled(10)
    await world.reencryption.empty_data_key("job", old)
    del world.records.rows[old]
    assert await numbers(world, tokens) == [pan_number(number) for number in range(10)]


@pytest.mark.parametrize("crash_after", range(4))
@pytest.mark.parametrize("stored", [False, True])
async def test_a_job_that_crashed_goes_on_where_it_was_with_exact_counts(crash_after: int, *, stored: bool) -> None:
    world, tokens, old = await filled(BATCH_KEYS * 3 + 7)
    inventory = CrashingInventory(world.records, crash_after, stored=stored)
    world.reencryption._inventory = inventory
    with pytest.raises(Crash):
        await world.reencryption.empty_data_key("job", old)
    restarted = World(beside=world)
    done = await restarted.reencryption.empty_data_key("job", old)
    assert (done.moved, done.batches, done.finished) == (len(tokens), 4, True)
    assert under(world.records, old) == 0
    assert await numbers(world, tokens) == [pan_number(number) for number in range(len(tokens))]


class CrashingInventory:
    """Ends the process at one batch, before it is stored or just after."""

    def __init__(self, records: MemoryRecords, crash_after: int, *, stored: bool) -> None:
        self._records = records
        self._left = crash_after
        self._stored = stored
        self.data_keys = records.data_keys
        self.keys_under = records.keys_under
        self.progress = records.progress

    async def move_keys(self, moves: Sequence[KeyMove], progress: MoveProgress) -> bool:
        if self._left == 0:
            if self._stored:
                await self._records.move_keys(moves, progress)
            raise Crash
        self._left -= 1
        return await self._records.move_keys(moves, progress)


class MeddlingInventory(CrashingInventory):
    """Another writer changes something before each of the first batches is stored."""

    def __init__(self, records: MemoryRecords, times: int) -> None:
        super().__init__(records, -1, stored=True)
        self.times = times
        self.shredded: list[str] = []

    async def move_keys(self, moves: Sequence[KeyMove], progress: MoveProgress) -> bool:
        if self.times > 0 and moves:
            self.times -= 1
            self.shredded.append(moves[0].old.token)
            self._records.keys.pop(moves[0].old.token)
        return await self._records.move_keys(moves, progress)


async def test_a_token_shredded_meanwhile_stays_shredded_and_the_others_move() -> None:
    world, tokens, old = await filled(60)
    inventory = MeddlingInventory(world.records, 3)
    world.reencryption._inventory = inventory
    done = await world.reencryption.empty_data_key("job", old)
    assert (done.moved, done.finished) == (57, True)
    assert not set(inventory.shredded) & set(world.records.keys)
    left = [token for token in tokens if token not in inventory.shredded]
    assert len(await numbers(world, left)) == 57


async def test_a_batch_that_others_always_change_ends_the_run_and_loses_nothing() -> None:
    world, _, old = await filled(60)
    world.reencryption._inventory = MeddlingInventory(world.records, 1_000)
    with pytest.raises(BatchContended) as caught:
        await world.reencryption.empty_data_key("job", old)
    assert caught.value.retryable
    assert under(world.records, old) == len(world.records.keys) == 60 - 11


async def test_a_damaged_key_is_counted_left_alone_and_keeps_its_data_key() -> None:
    world, tokens, old = await filled(5)
    broken = world.records.keys[tokens[2]]
    world.records.keys[tokens[2]] = msgspec.structs.replace(broken, sealed=bytes(60))
    done = await world.reencryption.empty_data_key("job", old)
    assert (done.moved, done.damaged, done.finished) == (4, 1, True)
    assert under(world.records, old) == 1
    assert not await world.rows.remove(old, only_unused=True)


async def test_another_run_of_a_finished_job_takes_what_another_process_added_meanwhile() -> None:
    world, tokens, old = await filled(4)
    first = min(tokens)
    late_record, late_key = world.records.records.pop(first), world.records.keys.pop(first)
    assert (await world.reencryption.empty_data_key("job", old)).moved == 3
    await world.records.add(late_record, late_key)
    assert not await world.rows.remove(old, only_unused=True)
    again = await world.reencryption.empty_data_key("job", old)
    assert (again.moved, again.finished) == (4, True)
    assert await numbers(world, tokens) == [pan_number(number) for number in range(4)]


async def test_moving_from_the_key_that_seals_now_makes_a_new_one_first() -> None:
    world, tokens, old = await filled(3)
    assert (await world.cache.sealing_key(0)).id == old
    await world.reencryption.empty_data_key("job", old)
    assert {world.records.keys[token].data_key_id for token in tokens} == {(await world.cache.sealing_key(0)).id}
    assert under(world.records, old) == 0


async def test_the_smallest_cache_is_enough() -> None:
    world, tokens, old = await filled(30)
    small = World(beside=world, limits=CacheLimits(opening_keys=1, sealing_messages=4))
    done = await small.reencryption.empty_data_key("job", old)
    assert done.moved == 30
    assert await numbers(world, tokens) == [pan_number(number) for number in range(30)]


async def test_when_the_new_key_is_shredded_meanwhile_another_one_is_used() -> None:
    world, tokens, old = await filled(5)
    target = await world.cache.rotate()
    del world.records.rows[target]
    done = await world.reencryption.empty_data_key("job", old)
    assert done.moved == 5
    assert await numbers(world, tokens) == [pan_number(number) for number in range(5)]


async def test_a_job_with_the_name_of_another_one_is_refused() -> None:
    world, _, old = await filled(1)
    await world.reencryption.empty_data_key("job", old)
    other = await world.vault.rotate()
    with pytest.raises(JobUnclear):
        await world.reencryption.empty_data_key("job", other)
    with pytest.raises(JobUnclear):
        await world.reencryption.rewrap_data_keys("job")


@pytest.mark.parametrize("data_key_id", ["dek_unknown", f"fpk_{TENANT}"])
async def test_only_a_data_key_of_records_is_emptied(data_key_id: str) -> None:
    world, _, _ = await filled(1)
    with pytest.raises(DataKeyGone):
        await world.reencryption.empty_data_key("job", data_key_id)


async def test_an_outage_stops_the_job_and_the_next_run_goes_on() -> None:
    world, tokens, old = await filled(5)
    restarted = World(beside=world)
    world.master.set_state(KeyState.UNAVAILABLE)
    with pytest.raises(KeyUnavailable):
        await restarted.reencryption.empty_data_key("job", old)
    world.master.set_state(KeyState.ENABLED)
    assert (await restarted.reencryption.empty_data_key("job", old)).moved == len(tokens)


async def test_every_data_key_gets_a_new_blob_and_opens_as_before() -> None:
    world, tokens, _ = await filled(3)
    await world.vault.rotate()
    before = {key_id: row.wrapped.blob for key_id, row in world.records.rows.items()}
    world.master.rotate()
    done = await world.reencryption.rewrap_data_keys("rewrap")
    assert (done.moved, done.damaged, done.finished) == (3, 0, True)
    assert all(world.records.rows[key_id].wrapped.blob != blob for key_id, blob in before.items())
    # The first secret is no longer needed.
    world.master.master_keys = msgspec.structs.replace(
        world.master.master_keys, materials=world.master.master_keys.materials[1:]
    )
    assert await numbers(world, tokens) == [pan_number(number) for number in range(3)]
    restarted = World(beside=world)
    assert await restarted.fingerprints.of_card(card(pan_number(0)).pan) == world.records.records[tokens[0]].fingerprint


async def test_a_data_key_that_does_not_open_is_counted_and_left() -> None:
    world, _, old = await filled(1)
    row = world.records.rows[old]
    broken = msgspec.structs.replace(row, wrapped=msgspec.structs.replace(row.wrapped, blob=bytes(60)))
    world.records.rows[old] = broken
    done = await world.reencryption.rewrap_data_keys("rewrap")
    assert (done.moved, done.damaged) == (1, 1)
    assert world.records.rows[old] == broken
    with pytest.raises(TamperedRecord):
        await World(beside=world).cache.opening_key(broken)
