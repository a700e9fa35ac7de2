"""What was shredded cannot be read again, by no process and from no backup of its record."""

import pytest

from payment_core.vault.access import AccessRefused, Purpose, Refusal
from payment_core.vault.errors import (
    DataKeyGone,
    DataKeyInUse,
    TokenShredded,
)
from payment_core.vault.keys.port import WrappedKey
from payment_core.vault.records import DataKeyRow
from payment_core.vault.tokens import new_data_key_id
from payment_core.vault.vault import SEALING_MARGIN_MS
from tests.unit.payment_core.vault.vault_world import (
    NOW_MS,
    PAN,
    TENANT,
    World,
    card,
    pan_number,
    read,
    shred,
)

HOUR_MS = 3_600_000
WHO = {"role": "key_custodian", "actor": "operator:ada", "reason": "erasure request 17"}


async def test_a_shredded_token_is_unreadable_even_with_a_backup_of_its_record() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    backup = world.records.records[made.token]
    shred(world, made.token)
    world.records.records[made.token] = backup
    with pytest.raises(TokenShredded):
        await read(World(beside=world), made.token)


async def test_shredding_one_token_leaves_the_others_of_its_data_key() -> None:
    world = World()
    gone, kept = [await world.vault.tokenize_card(card(pan_number(number))) for number in range(2)]
    assert world.records.keys[gone.token].data_key_id == world.records.keys[kept.token].data_key_id
    shred(world, gone.token)
    assert await read(world, kept.token) == card(pan_number(1))


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


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"actor": " "}, Refusal.ACTOR_MISSING),
        ({"role": "viewer"}, Refusal.ROLE_NOT_ALLOWED),
        ({"role": "card_rail"}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"role": "vault_exporter"}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"reason": ""}, Refusal.REASON_MISSING),
        ({"reason": "x" * 501}, Refusal.REASON_TOO_LONG),
    ],
)
async def test_only_a_custodian_with_a_reason_destroys_a_key_and_every_attempt_is_on_record(
    changes: dict[str, str], refusal: Refusal
) -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    data_key_id = world.records.keys[made.token].data_key_id
    world.clock.passed_ms = 2 * HOUR_MS
    for act in (world.vault.shred_data_key, world.vault.retire_data_key):
        with pytest.raises(AccessRefused) as caught:
            await act(data_key_id, **{**WHO, **changes})
        assert caught.value.refusal is refusal
    assert [(act.action, act.target, act.outcome) for act in world.audit.acts] == [
        ("shred_data_key", data_key_id, refusal.value),
        ("retire_data_key", data_key_id, refusal.value),
    ]
    assert await read(world, made.token) == card()


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_custodian_of_keys_sees_no_number(purpose: Purpose) -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    with pytest.raises(AccessRefused):
        await read(world, made.token, role="key_custodian", purpose=purpose.value)


async def test_what_a_custodian_does_is_on_record_with_role_and_reason_before_it_is_done() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    data_key_id = world.records.keys[made.token].data_key_id
    await world.vault.shred_data_key(data_key_id, **WHO)
    [act] = world.audit.acts
    assert (act.action, act.target, act.outcome) == ("shred_data_key", data_key_id, "granted")
    assert {"role": act.role, "actor": act.actor, "reason": act.reason} == WHO


async def test_the_record_names_the_key_also_when_its_digits_read_as_a_card_number() -> None:
    world = World()
    unlucky = f"{new_data_key_id(NOW_MS)[:15]}4242424242424242"
    assert len(unlucky) == len(new_data_key_id(NOW_MS))
    await world.rows.add(
        DataKeyRow(
            id=unlucky,
            tenant=TENANT,
            purpose="records",
            wrapped=WrappedKey(b"blob", "local"),
            created_at_ms=1,
            sealing_ends_at_ms=2,
        )
    )
    await world.vault.retire_data_key(unlucky, **WHO)
    with pytest.raises(DataKeyGone):
        await world.vault.retire_data_key("4242424242424242", **WHO)
    assert [act.target for act in world.audit.acts] == [unlucky]


async def test_a_card_number_typed_in_place_of_a_key_is_not_on_record() -> None:
    world = World()
    with pytest.raises(AccessRefused):
        await world.vault.shred_data_key(PAN, **{**WHO, "role": "viewer"})
    assert PAN not in repr(world.audit.acts)
