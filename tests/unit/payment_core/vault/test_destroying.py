"""What was shredded cannot be read again, by no process and from no backup of its record."""

import pytest

from payment_core.vault.errors import (
    DataKeyGone,
    DataKeyInUse,
    TokenShredded,
    TokenUnknown,
)
from payment_core.vault.vault import SEALING_MARGIN_MS
from tests.unit.payment_core.vault.vault_world import (
    TENANT,
    World,
    card,
    pan_number,
    read,
)

HOUR_MS = 3_600_000
WHO = {"actor": "ada", "reason": "erasure request 17"}


async def test_a_shredded_token_is_unreadable_even_with_a_backup_of_its_record() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    backup = world.records.records[made.token]
    await world.vault.shred_token(made.token, **WHO)
    world.records.records[made.token] = backup
    with pytest.raises(TokenShredded):
        await read(World(beside=world), made.token)
    assert [act.outcome for act in world.audit.acts] == ["granted"]


async def test_a_shredded_token_still_shows_what_may_be_shown_and_nothing_that_links_it() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    await world.vault.shred_token(made.token, **WHO)
    left = await world.vault.look_up(made.token)
    assert left.details == made.details
    assert (left.sealed, left.fingerprint) == (b"", "")
    await world.vault.shred_token(made.token, **WHO)


async def test_shredding_one_token_leaves_the_others_of_its_data_key() -> None:
    world = World()
    gone, kept = [await world.vault.tokenize_card(card(pan_number(number))) for number in range(2)]
    assert world.records.keys[gone.token].data_key_id == world.records.keys[kept.token].data_key_id
    await world.vault.shred_token(gone.token, **WHO)
    assert await read(world, kept.token) == card(pan_number(1))


async def test_a_deleted_token_is_forgotten() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    await world.vault.delete_token(made.token, **WHO)
    assert not world.records.records
    assert not world.records.keys
    with pytest.raises(TokenUnknown):
        await world.vault.look_up(made.token)
    with pytest.raises(TokenUnknown):
        await world.vault.delete_token(made.token, **WHO)


async def test_shredding_a_data_key_makes_all_its_numbers_unreadable_in_every_process() -> None:
    world = World()
    tokens = [(await world.vault.tokenize_card(card(pan_number(number)))).token for number in range(5)]
    reader = World(beside=world)
    for token in tokens:
        await read(reader, token)
    [data_key_id] = {key.data_key_id for key in world.records.keys.values()}
    await world.vault.shred_data_key(data_key_id, **WHO)
    for process in (world, reader):
        for token in tokens:
            with pytest.raises(TokenShredded):
                await read(process, token)


async def test_a_process_that_still_holds_a_shredded_data_key_seals_with_another_one() -> None:
    world = World()
    late = World(beside=world)
    first = await late.vault.tokenize_card(card())
    data_key_id = world.records.keys[first.token].data_key_id
    await world.vault.shred_data_key(data_key_id, **WHO)
    second = await late.vault.tokenize_card(card())
    assert world.records.keys[second.token].data_key_id != data_key_id
    assert await read(late, second.token) == card()


async def test_the_fingerprint_key_is_neither_shredded_nor_retired() -> None:
    world = World()
    await world.vault.tokenize_card(card())
    for act in (world.vault.shred_data_key, world.vault.retire_data_key):
        with pytest.raises(DataKeyInUse):
            await act(f"fpk_{TENANT}", **WHO)


async def test_a_data_key_is_retired_only_when_it_is_old_and_protects_nothing() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    data_key_id = world.records.keys[made.token].data_key_id
    world.clock.passed_ms = HOUR_MS + SEALING_MARGIN_MS
    with pytest.raises(DataKeyInUse, match="sealing time"):
        await world.vault.retire_data_key(data_key_id, **WHO)
    world.clock.passed_ms += 1
    with pytest.raises(DataKeyInUse, match="re-encrypt"):
        await world.vault.retire_data_key(data_key_id, **WHO)
    await world.reencryption.empty_data_key("job", data_key_id)
    await world.vault.retire_data_key(data_key_id, **WHO)
    assert data_key_id not in world.records.rows
    assert await read(world, made.token) == card()
    with pytest.raises(DataKeyGone):
        await world.vault.retire_data_key(data_key_id, **WHO)
