"""What every key service promises, on a file as in KMS."""

import asyncio

import pytest

from payment_core.vault.errors import KeyDisabled, KeyPendingDeletion, TamperedRecord
from payment_core.vault.keys.port import KeyState, WrappedKey
from tests.contract.keys.worlds import KeyWorld

CONTEXT = {"purpose": "records", "tenant": "acme"}


async def test_a_data_key_has_256_bits_and_opens_again(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    assert len(made.plaintext) == 32
    assert bytes(made.plaintext) not in made.wrapped.blob
    assert await world.keys.decrypt(made.wrapped, CONTEXT) == made.plaintext


async def test_no_two_data_keys_are_equal(world: KeyWorld) -> None:
    made = [await world.keys.generate_data_key(CONTEXT) for _ in range(8)]
    assert len({bytes(key.plaintext) for key in made}) == 8
    assert len({key.wrapped.blob for key in made}) == 8


async def test_the_order_of_the_context_means_nothing(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    turned = dict(reversed(CONTEXT.items()))
    assert await world.keys.decrypt(made.wrapped, turned) == made.plaintext


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"purpose": "records"},
        {"purpose": "records", "tenant": "acm"},
        {"purpose": "fingerprint", "tenant": "acme"},
        {"purpose": "acme", "tenant": "records"},
        {"purpose": "records", "tenant": "acme", "more": ""},
    ],
)
async def test_another_context_opens_nothing(world: KeyWorld, context: dict[str, str]) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    with pytest.raises(TamperedRecord):
        await world.keys.decrypt(made.wrapped, context)


async def test_a_blob_with_any_changed_byte_is_refused(world: KeyWorld) -> None:
    wrapped = (await world.keys.generate_data_key(CONTEXT)).wrapped
    # moto's key id stands in the first 36 bytes of its blobs; a changed one names a key that does not exist.
    for position in range(40, len(wrapped.blob), 7):
        changed = bytearray(wrapped.blob)
        changed[position] ^= 1
        with pytest.raises(TamperedRecord):
            await world.keys.decrypt(WrappedKey(bytes(changed), wrapped.key_id), CONTEXT)


@pytest.mark.parametrize("size", [1, 5, 40])
async def test_a_truncated_blob_is_refused(world: KeyWorld, size: int) -> None:
    wrapped = (await world.keys.generate_data_key(CONTEXT)).wrapped
    with pytest.raises(TamperedRecord):
        await world.keys.decrypt(WrappedKey(wrapped.blob[:size], wrapped.key_id), CONTEXT)


async def test_a_blob_that_lacks_its_last_byte_is_refused(world: KeyWorld) -> None:
    wrapped = (await world.keys.generate_data_key(CONTEXT)).wrapped
    with pytest.raises(TamperedRecord):
        await world.keys.decrypt(WrappedKey(wrapped.blob[:-1], wrapped.key_id), CONTEXT)


async def test_a_blob_of_another_key_is_refused(world: KeyWorld, other_world: KeyWorld) -> None:
    mine = await world.keys.generate_data_key(CONTEXT)
    other = await other_world.keys.generate_data_key(CONTEXT)
    with pytest.raises(TamperedRecord):
        await world.keys.decrypt(WrappedKey(other.wrapped.blob, mine.wrapped.key_id), CONTEXT)


async def test_blobs_from_before_a_rotation_stay_readable(world: KeyWorld) -> None:
    before = await world.keys.generate_data_key(CONTEXT)
    await world.rotate()
    after = await world.keys.generate_data_key(CONTEXT)
    assert await world.keys.decrypt(before.wrapped, CONTEXT) == before.plaintext
    assert await world.keys.decrypt(after.wrapped, CONTEXT) == after.plaintext


async def test_re_encryption_keeps_the_data_key_and_changes_the_blob(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    await world.rotate()
    again = await world.keys.re_encrypt(made.wrapped, CONTEXT)
    assert again.blob != made.wrapped.blob
    assert await world.keys.decrypt(again, CONTEXT) == made.plaintext


async def test_re_encryption_with_another_context_is_refused(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    with pytest.raises(TamperedRecord):
        await world.keys.re_encrypt(made.wrapped, {**CONTEXT, "tenant": "other"})


async def test_a_disabled_key_neither_makes_nor_opens_data_keys(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    await world.disable()
    with pytest.raises(KeyDisabled):
        await world.keys.generate_data_key(CONTEXT)
    with pytest.raises(KeyDisabled):
        await world.keys.decrypt(made.wrapped, CONTEXT)


async def test_an_enabled_key_works_again(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    await world.disable()
    with pytest.raises(KeyDisabled):
        await world.keys.decrypt(made.wrapped, CONTEXT)
    await world.enable()
    assert await world.keys.decrypt(made.wrapped, CONTEXT) == made.plaintext


async def test_a_key_about_to_be_deleted_neither_makes_nor_opens_data_keys(world: KeyWorld) -> None:
    made = await world.keys.generate_data_key(CONTEXT)
    await world.schedule_deletion()
    with pytest.raises(KeyPendingDeletion):
        await world.keys.generate_data_key(CONTEXT)
    with pytest.raises(KeyPendingDeletion):
        await world.keys.decrypt(made.wrapped, CONTEXT)


async def test_the_state_of_the_key_is_told(world: KeyWorld) -> None:
    assert await world.keys.state() is KeyState.ENABLED
    await world.disable()
    assert await world.keys.state() is KeyState.DISABLED
    await world.enable()
    assert await world.keys.state() is KeyState.ENABLED
    await world.schedule_deletion()
    assert await world.keys.state() is KeyState.PENDING_DELETION


async def test_many_calls_at_once_are_all_answered(world: KeyWorld) -> None:
    made = await asyncio.gather(*(world.keys.generate_data_key(CONTEXT) for _ in range(20)))
    opened = await asyncio.gather(*(world.keys.decrypt(key.wrapped, CONTEXT) for key in made))
    assert [bytes(key.plaintext) for key in made] == [bytes(key) for key in opened]
