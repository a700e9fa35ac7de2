"""What calls of a table use is what DynamoDB says of them: reads and writes apart, halves of a unit kept."""

from typing import Any

import pytest

from payment_core.aws.dynamodb import DynamoTable
from payment_core.store.dynamodb.table import Operation

KEY = ("doc#order#1", "-")
PUT = Operation("Put", KEY, {"Item": {}})


class Told:
    """A client whose every call gives one answer, and notes what it was asked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __getattr__(self, _operation: str) -> Any:  # noqa: ANN401  # any call of the client
        async def called(**arguments: object) -> dict[str, Any]:
            self.asked.append(str(arguments["ReturnConsumedCapacity"]))
            return self.answer

        return called


def table_told(consumed: object) -> DynamoTable:
    table = DynamoTable(name="till", region="us-east-1", endpoint_url=None)
    table.client = Told({} if consumed is None else {"ConsumedCapacity": consumed})
    return table


def used(table: DynamoTable) -> tuple[int, int]:
    return table.capacity.write_units, table.capacity.read_half_units


@pytest.mark.parametrize(
    ("consumed", "expected"),
    [
        ([{"TableName": "till", "CapacityUnits": 14.0, "WriteCapacityUnits": 12.0}], (14, 0)),
        ([{"TableName": "till", "CapacityUnits": 14.0}], (14, 0)),
        ([{"TableName": "till", "CapacityUnits": 6.0, "ReadCapacityUnits": 6.0}], (0, 12)),
        ([], (0, 0)),
        (None, (0, 0)),
    ],
    ids=["with its indexes", "total", "taken before", "nothing told", "no word"],
)
async def test_a_transaction_writes_unless_its_token_was_taken_before(
    consumed: object, expected: tuple[int, int]
) -> None:
    table = table_told(consumed)
    await table.write([PUT], "token")
    assert used(table) == expected


async def test_reads_are_counted_in_halves_and_added_up() -> None:
    table = table_told({"TableName": "till", "CapacityUnits": 0.5})
    await table.query({"IndexName": "by_kind"})
    await table.query({"IndexName": "by_kind"}, scan=True)
    table.client.answer = {"ConsumedCapacity": [{"TableName": "till", "CapacityUnits": 3.0}]}
    await table.get([KEY])
    await table.get([KEY], together=True)
    assert used(table) == (0, 1 + 1 + 6 + 6)
    assert set(table.client.asked) == {"TOTAL"}


async def test_one_update_is_a_write() -> None:
    table = table_told({"TableName": "till", "CapacityUnits": 2.0})
    assert await table.update(KEY, {"UpdateExpression": "REMOVE a"})
    assert used(table) == (2, 0)
