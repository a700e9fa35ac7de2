"""The vault's rows in the store keep what the vault relies on, also when the process dies at any await."""

import msgspec
import pytest

from payment_core.assembly.vault_upkeep import VaultUpkeep
from payment_core.assembly.vaulting import TENANT
from payment_core.methods.model import PaymentMethod, VaultAccess, VaultDataKey, VaultKey, VaultRow
from payment_core.methods.unlinked import GRACE_MS
from payment_core.methods.vault_records import shred_number
from payment_core.store.port import Transaction
from payment_core.vault.errors import DataKeyGone, DataKeyInUse
from payment_core.vault.records import MoveProgress, StoredToken
from payment_core.vault.reencryption import Reencryption
from payment_core.vault.vault import SEALING_MARGIN_MS
from tests.unit.payment_core.escrow.escrow_world import Died, MortalStore
from tests.unit.payment_core.methods.vaulted_world import ORIGIN, PAN, VaultedWorld, answered, card_request


async def test_a_number_is_kept_in_two_rows_neither_of_which_opens_alone() -> None:
    world = VaultedWorld()
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    stored = await world.records.get(token)
    assert stored is not None
    assert stored.key is not None
    assert stored.data_key is not None
    await world.memory.transact(lambda tx: tx.delete(VaultKey, token), "test")
    left = await world.records.get(token)
    assert left is not None
    assert left.key is None
    assert await world.records.get("tok_none") is None


async def test_a_shredded_number_keeps_what_may_be_shown_and_nothing_that_opens_or_links_it() -> None:
    world = VaultedWorld()
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    before = await world.records.get(token)
    assert before is not None

    def work(transaction: Transaction) -> bool:
        return shred_number(transaction, ORIGIN, token, actor="key:ada", reason="erasure request 17")

    for _ in range(2):
        assert await world.memory.transact(work, "key:ada")
        after = await world.records.get(token)
        assert after is not None
        assert after == StoredToken(msgspec.structs.replace(before.record, sealed=b"", fingerprint=""), None, None)
    told = [(access.action, access.actor, access.reason) for access in await world.all(VaultAccess)]
    assert told == [("shred_token", "key:ada", "erasure request 17")] * 2


async def test_shredding_what_is_not_there_leaves_no_trace() -> None:
    world = VaultedWorld()

    def work(transaction: Transaction) -> bool:
        return shred_number(transaction, ORIGIN, "tok_none", actor="key:ada", reason="erasure")

    assert not await world.memory.transact(work, "key:ada")
    assert await world.all(VaultAccess) == []


async def test_nothing_is_sealed_under_a_data_key_that_is_gone_or_leaving() -> None:
    world = VaultedWorld()
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    stored = await world.records.get(token)
    assert stored is not None
    assert stored.key is not None
    gone = msgspec.structs.replace(stored.key, data_key_id="dek_gone")
    with pytest.raises(DataKeyGone):
        await world.records.add(stored.record, gone)
    [row] = [each for each in await world.all(VaultDataKey) if each.id == stored.key.data_key_id]
    await world.memory.transact(lambda tx: tx.put(msgspec.structs.replace(row, is_leaving=True)), "test")
    with pytest.raises(DataKeyGone):
        await world.records.add(stored.record, stored.key)


async def test_a_data_key_in_use_stays_and_an_unused_one_is_retired() -> None:
    world = VaultedWorld()
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    [key] = await world.all(VaultKey)
    old_id = key.key.data_key_id
    await world.vault.rotate()
    row = await world.rows.get(old_id)
    assert row is not None
    world.clock.at_ms = row.sealing_ends_at_ms + SEALING_MARGIN_MS + 1
    with pytest.raises(DataKeyInUse):
        await world.vault.retire_data_key(old_id, role="key_custodian", actor="operator:ada", reason="rotation")
    [kept] = [each for each in await world.all(VaultDataKey) if each.id == old_id]
    assert not kept.is_leaving
    await world.revealing.reveal(token, "card_rail", "still there", "test")
    reencryption = Reencryption(
        tenant=TENANT,
        cache=world.cache,
        service=world.watch,
        rows=world.rows,
        inventory=world.rows,
        on_batch=lambda _: None,
    )
    await reencryption.empty_data_key("job_1", old_id)
    await world.vault.retire_data_key(old_id, role="key_custodian", actor="operator:ada", reason="rotation")
    assert await world.rows.get(old_id) is None
    await world.revealing.reveal(token, "card_rail", "moved", "test")


async def test_a_move_that_dies_behind_its_last_batch_is_over_after_the_next_run() -> None:
    world = VaultedWorld()
    answered(await world.methods.create(world.call(), card_request()), 201)
    upkeep = VaultUpkeep(world.store, world.master, ORIGIN, world.clock)

    def die(_progress: MoveProgress) -> None:
        raise Died

    with pytest.raises(Died):
        await upkeep.reencrypt(die)
    assert [key.numbers for key in (await upkeep.status()).data_keys if key.moving] == [0]
    await upkeep.reencrypt(lambda _progress: None)
    status = await upkeep.status()
    assert (status.numbers, [key.moving for key in status.data_keys if key.moving]) == (1, [])


async def test_a_row_is_replaced_only_while_it_is_unchanged() -> None:
    world = VaultedWorld()
    await world.methods.create(world.call(), card_request())
    [row] = await world.rows.data_keys(TENANT, "dek_", 1)
    new = msgspec.structs.replace(row, created_at_ms=1)
    assert await world.rows.add(new) == row
    assert await world.rows.replace(row, new)
    assert not await world.rows.replace(row, new)
    assert await world.rows.get(row.id) == new
    assert await world.rows.data_keys("other", "", 10) == []
    later = msgspec.structs.replace(row, id="dek_f")
    await world.rows.add(later)
    assert await world.rows.newest_data_keys(TENANT, 3) == [await world.rows.get(f"fpk_{TENANT}"), later, new]
    assert await world.rows.newest_data_keys("other", 10) == []


async def test_a_request_that_dies_anywhere_leaves_one_card_after_its_retry_and_no_other_number() -> None:
    dies_at, died = 0, True
    while died:
        dies_at += 1
        world = VaultedWorld()
        mortal = MortalStore(world.memory)
        world.use(mortal)
        call = world.call(key="one")
        mortal.awaits, mortal.dies_at, died = 0, dies_at, False
        try:
            await world.methods.create(call, card_request())
        except Died:
            died = True
        mortal.dies_at = 0
        token = answered(await world.methods.create(call, card_request()), 201)["id"]
        world.clock.at_ms += GRACE_MS
        await world.unlinked.run_once(world.clock.now_ms())
        assert [each.id for each in await world.all(PaymentMethod)] == [token]
        assert [each.id for each in await world.all(VaultRow)] == [token]
        assert [each.id for each in await world.all(VaultKey)] == [token]
        assert PAN not in repr(await world.all(VaultRow))
    assert dies_at > 8
