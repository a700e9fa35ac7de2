"""How often the DynamoDB store asks its table: once for all that a work looks for, and what it proves."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.facts import ObjectChanged
from payment_core.operations.once import KeyRecord
from payment_core.payments.control import CONTROL_ID
from payment_core.payments.model import Control
from payment_core.store.dynamodb.items import record_item
from payment_core.store.dynamodb.layout import Item, Layout, TableKey, head_key, record_key
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.dynamodb.table import Operation, Page
from payment_core.store.port import Transaction
from payment_core.store.stage import Registry

NOW_MS = 1_795_690_800_000
REGISTRY = Registry((KeyRecord, Control))
CONTROL_KEY = record_key("control", CONTROL_ID)


class StillClock:
    """Time stands still."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic_ms(self) -> float:
        return 0.0


class NotedTable:
    """Answers from a dict and notes what it is asked; what is written is noted alone."""

    def __init__(self, *records: KeyRecord) -> None:
        self.gets: list[list[TableKey]] = []
        self.written: list[Operation] = []
        self._items: dict[TableKey, Item] = {
            record_key("idempotency", record.id): record_item(
                Layout(), "idempotency", record, REGISTRY.encode(record), "t"
            )
            for record in records
        }

    async def get(self, keys: Sequence[TableKey], *, together: bool = False) -> dict[TableKey, Item]:  # noqa: ARG002  # the port's
        self.gets.append(list(keys))
        return {key: self._items[key] for key in keys if key in self._items}

    async def query(self, arguments: Mapping[str, Any], *, scan: bool = False) -> Page:  # noqa: ARG002  # the port's
        return Page([], None)

    async def write(self, operations: Sequence[Operation], token: str) -> None:  # noqa: ARG002  # the port's
        self.written += operations

    async def update(self, key: TableKey, arguments: Mapping[str, Any]) -> bool:  # noqa: ARG002  # the port's
        return True


def store_on(table: NotedTable, *unproved: tuple[str, str]) -> DynamoStore:
    return DynamoStore(
        table=table, registry=REGISTRY, producer="blue", clock=StillClock(), unproved=frozenset(unproved)
    )


def known(record_id: str, resource_id: str = "") -> KeyRecord:
    return KeyRecord(id=record_id, request_hash=b"", resource_id=resource_id, created_at_ms=NOW_MS)


async def test_all_that_a_work_looks_for_is_fetched_at_once() -> None:
    table = NotedTable(known("b", "there"))

    def work(transaction: Transaction) -> list[str]:
        found = [transaction.get(KeyRecord, name) for name in ("a", "b", "c")]
        return ["" if record is None else record.resource_id for record in found]

    assert await store_on(table).transact(work, "key:test") == ["", "there", ""]
    assert [len(keys) for keys in table.gets] == [3, 3], "one to know, and one to prove that it was true together"


async def test_what_is_looked_for_because_of_an_answer_takes_another_trip_and_no_wrong_answer() -> None:
    table = NotedTable(known("a", "b"), known("b", "c"))

    def work(transaction: Transaction) -> str:
        first = transaction.get(KeyRecord, "a")
        if first is None:
            raise LookupError("a is there")
        second = transaction.get(KeyRecord, first.resource_id)
        if second is None:
            raise LookupError("b is there")
        transaction.put(known("d", second.resource_id))
        return second.resource_id

    assert await store_on(table).transact(work, "key:test") == "c"
    assert [len(keys) for keys in table.gets] == [1, 1]


async def test_the_mode_is_read_and_not_proved_and_everything_else_is() -> None:
    table = NotedTable()

    def work(transaction: Transaction) -> None:
        transaction.get(Control, CONTROL_ID)
        transaction.get(KeyRecord, "other")
        transaction.put(known("new"))

    await store_on(table, ("control", CONTROL_ID)).transact(work, "key:test")
    assert {operation.key for operation in table.written if operation.action == "ConditionCheck"} == {
        record_key("idempotency", "other")
    }
    await store_on(proving := NotedTable()).transact(work, "key:test")
    assert CONTROL_KEY in {operation.key for operation in proving.written if operation.action == "ConditionCheck"}


async def test_setting_the_mode_still_proves_what_it_replaces() -> None:
    table = NotedTable()

    def work(transaction: Transaction) -> None:
        transaction.get(Control, CONTROL_ID)
        control = Control(id=CONTROL_ID, mode="holding", created_at_ms=NOW_MS, updated_at_ms=NOW_MS)
        fact = ObjectChanged(id="f", at_ms=NOW_MS, subject=CONTROL_ID, object="control", status="holding")
        transaction.change(control, fact)

    await store_on(table, ("control", CONTROL_ID)).transact(work, "key:test")
    written = next(operation for operation in table.written if operation.key == CONTROL_KEY)
    assert written.arguments["ConditionExpression"] == "attribute_not_exists(pk)"


async def test_a_reader_can_begin_a_number_of_events_before_the_end() -> None:
    class Ended(NotedTable):
        async def get(self, keys: Sequence[TableKey], *, together: bool = False) -> dict[TableKey, Item]:  # noqa: ARG002  # the port's
            ends = {head_key(0): 500, head_key(3): 20}
            return {key: {"sequence": {"N": str(ends[key])}, "sha256": {"S": ""}} for key in keys if key in ends}

    place = await store_on(Ended()).place_before_end(16 * 50)
    assert place == f"0.450@450{'_0' * 15}"
    assert await store_on(NotedTable()).events(place, 10) == []
