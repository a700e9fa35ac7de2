"""A table says what each call used, so that what payments cost over DynamoDB is what AWS charges for them."""

import pytest

from payment_core.store.dynamodb.layout import record_key
from payment_core.store.port import Transaction
from payment_core.store.records import Listing
from tests.contract.store.store_worlds import HandClock, Note, dynamo_store, new_table, order, write

KIB = 1024


@pytest.mark.parametrize(("kibibytes", "units"), [(0, 2), (1, 4), (3, 8)])
async def test_a_written_record_uses_two_units_for_each_kibibyte_and_one_for_its_index(
    store_ministack_url: str, kibibytes: int, units: int
) -> None:
    async with new_table(store_ministack_url) as table:
        store = dynamo_store(table, HandClock())
        await store.open()
        before = table.capacity.write_units
        await store.transact(lambda tx: tx.put(Note(id="n1", text="x" * kibibytes * KIB)), "key:test")
        assert table.capacity.write_units - before == units + 1


async def test_a_change_uses_units_for_its_audit_row_event_and_head_too(store_ministack_url: str) -> None:
    async with new_table(store_ministack_url) as table:
        store = dynamo_store(table, HandClock())
        await store.open()

        def work(transaction: Transaction) -> None:
            write(transaction, order(1))

        before = table.capacity.write_units
        await store.transact(work, "key:test")
        items, indexes = 4, 2
        assert table.capacity.write_units - before == 2 * items + indexes


async def test_a_read_in_a_transaction_uses_two_units_and_a_page_of_an_index_half_of_one(
    store_ministack_url: str,
) -> None:
    async with new_table(store_ministack_url) as table:
        store = dynamo_store(table, HandClock())
        await store.open()
        await store.transact(lambda tx: tx.put(Note(id="n1")), "key:test")
        before = table.capacity.read_half_units
        await table.get([record_key("note", "n1")], together=True)
        assert table.capacity.read_half_units - before == 2 * 2
        before = table.capacity.read_half_units
        await store.query(Listing(Note, after="z"))
        partitions = 2
        assert table.capacity.read_half_units - before == partitions


async def test_reads_of_many_keys_use_a_unit_for_each(store_moto_url: str) -> None:
    async with new_table(store_moto_url) as table:
        await table.get([record_key("note", name) for name in ("n1", "n2", "n3")])
        assert table.capacity.read_half_units == 2 * 3
