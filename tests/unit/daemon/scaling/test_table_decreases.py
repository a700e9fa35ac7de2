"""DynamoDB takes four decreases a day at once and then one an hour: a fifth is not sent, and says when it may be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.scaling import DynamoDbTable, Unit
from daemon.scaling.kinds.table_capacity import OnDemandTable, TableCapacity
from remediation.errors import WorldRefused
from tests.unit.remediation.worlds import NOW_MS, FakeClock

UNIT = Unit(hour_microdollars=1, source="a test")
TABLE = DynamoDbTable(
    kind="dynamodb_table", region="us-east-1", table="till", direction="read", max=99, unit=UNIT, hourly_cap_cents=1
)
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


class FakeTable:
    """One table as DynamoDB describes it."""

    def __init__(self, decreases: int, last: datetime | None, **more: object) -> None:
        self.provisioned = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 7, "NumberOfDecreasesToday": decreases}
        self.last = {} if last is None else {"LastDecreaseDateTime": last}
        self.more = more
        self.updates: list[dict[str, Any]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        if operation == "describe_limits":
            return {"TableMaxReadCapacityUnits": 40_000, "TableMaxWriteCapacityUnits": 30_000}
        if operation == "update_table":
            self.updates.append(arguments["ProvisionedThroughput"])
            return {}
        return {"Table": {"ProvisionedThroughput": {**self.provisioned, **self.last}, **self.more}}


@pytest.mark.parametrize(
    ("decreases", "last", "units", "is_sent"),
    [
        (3, NOW - timedelta(minutes=1), 10, True),
        (4, NOW - timedelta(minutes=59), 10, False),
        (4, NOW - timedelta(minutes=60), 10, True),
        (9, NOW - timedelta(minutes=5), 10, False),
        (9, NOW - timedelta(minutes=5), 30, True),
        (4, NOW - timedelta(days=1), 10, True),
        (4, None, 10, True),
    ],
)
async def test_a_decrease_that_dynamodb_would_not_take_is_not_sent(
    decreases: int, last: datetime | None, units: int, is_sent: bool
) -> None:
    table = FakeTable(decreases, last)
    capacity = TableCapacity(TABLE, table, FakeClock())
    if is_sent:
        await capacity.set(units, "k")
        # The other direction is stated with what it has: DynamoDB wants both.
        assert table.updates == [{"ReadCapacityUnits": units, "WriteCapacityUnits": 7}]
        return
    with pytest.raises(WorldRefused, match="takes the next decrease an hour after the last one"):
        await capacity.set(units, "k")
    assert table.updates == []
    assert "decrease" in (await capacity.read()).said


async def test_the_quota_is_that_of_the_table_and_its_direction() -> None:
    assert (await TableCapacity(TABLE, FakeTable(0, None), FakeClock()).read()).quota == 40_000


async def test_a_table_that_is_billed_by_request_has_no_units_to_set() -> None:
    table = FakeTable(0, None, BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"})
    with pytest.raises(WorldRefused, match="billed by request"):
        await TableCapacity(TABLE, table, FakeClock()).set(10, "k")
    with pytest.raises(WorldRefused, match="billed by request"):
        await OnDemandTable(TABLE).set(10, "k")
    assert table.updates == []
