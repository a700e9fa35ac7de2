"""What every store of the vault's rows promises; a new one joins by its fixture in STORES."""

from collections.abc import Callable

import pytest

from payment_core.vault.errors import DataKeyGone
from payment_core.vault.keys.port import WrappedKey
from payment_core.vault.memory import MemoryDataKeyRows, MemoryRecords
from payment_core.vault.ports import DataKeyRows, KeyInventory, VaultRecords
from payment_core.vault.records import (
    CardDetails,
    DataKeyRow,
    KeyMove,
    KeyPurpose,
    MoveProgress,
    RecordKey,
    SealedRecord,
    StoredToken,
)


class Store:
    """The three ports of one store."""

    def __init__(self, records: VaultRecords, rows: DataKeyRows, inventory: KeyInventory) -> None:
        self.records = records
        self.rows = rows
        self.inventory = inventory


def memory() -> Store:
    """The fake."""
    records = MemoryRecords()
    return Store(records, MemoryDataKeyRows(records), records)


STORES: dict[str, Callable[[], Store]] = {"memory": memory}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param]()


def row(data_key_id: str = "dek_1", blob: bytes = b"blob", tenant: str = "acme") -> DataKeyRow:
    purpose: KeyPurpose = "records"
    return DataKeyRow(
        id=data_key_id,
        tenant=tenant,
        purpose=purpose,
        wrapped=WrappedKey(blob, "local"),
        created_at_ms=1,
        sealing_ends_at_ms=2,
    )


def record(name: str = "tok_a") -> SealedRecord:
    return SealedRecord(
        token=name,
        tenant="acme",
        kind="card",
        schema=1,
        sealed=b"\x00\xffsealed",
        details=CardDetails("visa", "411111", "1111", 12, 2027),
        fingerprint="fp_a",
        created_at_ms=3,
    )


def key(name: str = "tok_a", data_key_id: str = "dek_1", sealed: bytes = b"\x00\xfekey") -> RecordKey:
    return RecordKey(token=name, tenant="acme", data_key_id=data_key_id, sealed=sealed)


def progress(after: str = "", moved: int = 0) -> MoveProgress:
    return MoveProgress(job="job", source="dek_1", after=after, moved=moved)


async def filled(store: Store, count: int) -> list[RecordKey]:
    """Two data keys, and so many records under the first."""
    await store.rows.add(row())
    await store.rows.add(row("dek_2"))
    keys = [key(f"tok_{number:03}") for number in range(count)]
    for one in reversed(keys):
        await store.records.add(record(one.token), one)
    return keys


async def test_a_record_comes_back_with_the_rows_that_open_it(store: Store) -> None:
    await store.rows.add(row())
    await store.records.add(record(), key())
    assert await store.records.get("tok_a") == StoredToken(record(), key(), row())
    assert await store.records.get("tok_b") is None


async def test_nothing_is_stored_under_a_data_key_that_is_not_there(store: Store) -> None:
    with pytest.raises(DataKeyGone):
        await store.records.add(record(), key())
    assert await store.records.get("tok_a") is None


async def test_without_its_data_key_a_record_is_still_there(store: Store) -> None:
    await store.rows.add(row())
    await store.records.add(record(), key())
    assert await store.rows.remove("dek_1", only_unused=False)
    assert await store.records.get("tok_a") == StoredToken(record(), key(), None)


async def test_the_first_row_of_an_id_stays(store: Store) -> None:
    assert await store.rows.add(row(blob=b"first")) == row(blob=b"first")
    assert await store.rows.add(row(blob=b"second")) == row(blob=b"first")
    assert await store.rows.get("dek_1") == row(blob=b"first")
    assert await store.rows.get("dek_2") is None


async def test_a_row_is_replaced_only_if_it_is_unchanged(store: Store) -> None:
    await store.rows.add(row(blob=b"first"))
    assert not await store.rows.replace(row(blob=b"other"), row(blob=b"second"))
    assert await store.rows.replace(row(blob=b"first"), row(blob=b"second"))
    assert await store.rows.get("dek_1") == row(blob=b"second")
    assert not await store.rows.replace(row("dek_9"), row("dek_9", b"second"))
    assert await store.rows.get("dek_9") is None


async def test_a_data_key_in_use_is_removed_only_on_purpose(store: Store) -> None:
    await filled(store, 1)
    assert not await store.rows.remove("dek_1", only_unused=True)
    assert await store.rows.remove("dek_2", only_unused=True)
    assert await store.rows.remove("dek_1", only_unused=False)
    assert not await store.rows.remove("dek_1", only_unused=False)


async def test_record_keys_are_paged_in_order_of_token(store: Store) -> None:
    keys = await filled(store, 7)
    assert list(await store.inventory.keys_under("dek_1", "", 3)) == keys[:3]
    assert list(await store.inventory.keys_under("dek_1", keys[2].token, 3)) == keys[3:6]
    assert list(await store.inventory.keys_under("dek_1", keys[6].token, 3)) == []
    assert list(await store.inventory.keys_under("dek_2", "", 3)) == []


async def test_data_keys_are_paged_in_order_of_id_and_by_tenant(store: Store) -> None:
    for number in (3, 1, 2):
        await store.rows.add(row(f"dek_{number}"))
    await store.rows.add(row("dek_0", tenant="other"))
    assert [one.id for one in await store.inventory.data_keys("acme", "", 2)] == ["dek_1", "dek_2"]
    assert [one.id for one in await store.inventory.data_keys("acme", "dek_2", 2)] == ["dek_3"]


async def test_keys_and_progress_move_together(store: Store) -> None:
    keys = await filled(store, 3)
    moves = [KeyMove(one, key(one.token, "dek_2", b"new")) for one in keys]
    assert await store.inventory.progress("job") is None
    assert await store.inventory.move_keys(moves, progress("tok_002", 3))
    assert await store.inventory.progress("job") == progress("tok_002", 3)
    assert list(await store.inventory.keys_under("dek_2", "", 9)) == [move.new for move in moves]
    assert list(await store.inventory.keys_under("dek_1", "", 9)) == []


@pytest.mark.parametrize("gone", [False, True])
async def test_one_changed_key_keeps_the_whole_batch_back(store: Store, *, gone: bool) -> None:
    keys = await filled(store, 3)
    moves = [KeyMove(one, key(one.token, "dek_2", b"new")) for one in keys]
    other = key("tok_gone" if gone else keys[1].token, "dek_1", b"was changed")
    moves[1] = KeyMove(other, moves[1].new)
    assert not await store.inventory.move_keys(moves, progress("tok_002", 3))
    assert await store.inventory.progress("job") is None
    assert list(await store.inventory.keys_under("dek_2", "", 9)) == []


async def test_keys_do_not_move_under_a_data_key_that_is_not_there(store: Store) -> None:
    keys = await filled(store, 2)
    with pytest.raises(DataKeyGone):
        await store.inventory.move_keys([KeyMove(keys[0], key(keys[0].token, "dek_9"))], progress())
    assert await store.inventory.progress("job") is None
    assert list(await store.inventory.keys_under("dek_1", "", 9)) == keys


async def test_progress_alone_is_stored_too(store: Store) -> None:
    assert await store.inventory.move_keys([], progress("dek_7", 7))
    assert await store.inventory.progress("job") == progress("dek_7", 7)
    assert await store.inventory.progress("other") is None
