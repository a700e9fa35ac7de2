"""Provisioned capacity units of a DynamoDB table, for reads or for writes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from config.scaling import DynamoDbTable
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.scaling.kinds.managed import ManagedTarget
from remediation.errors import WorldRefused
from remediation.ports import Capacity, Clock

NAMESPACE = "dynamodb"
DECREASES_AT_ONCE = 4
"""So many decreases a day whenever one likes; then one for each hour without one (DynamoDB's page of quotas)."""
HOUR_SECONDS = 3600.0
_UNITS: Mapping[str, str] = {"read": "ReadCapacityUnits", "write": "WriteCapacityUnits"}


class TableCapacity:
    """Scalable over one direction of a provisioned table; the other direction stays as it is.

    A table that is billed by request is refused: AWS sizes it. managed: where Application Auto Scaling sizes it.
    """

    def __init__(
        self, settings: DynamoDbTable, dynamodb: Aws, clock: Clock, managed: ManagedTarget | None = None
    ) -> None:
        self._settings = settings
        self._aws = dynamodb
        self._clock = clock
        self._managed = managed
        self._units = _UNITS[settings.direction]

    async def read(self) -> Capacity:
        """See Scalable; while DynamoDB changes the table, what it was before is what serves."""
        table = await self._table()
        units = int(self._provisioned(table)[self._units])
        quota = await self._quota()
        if self._managed is not None:
            least = await self._managed.least()
            return Capacity(desired=least, in_service=units, quota=quota, grows_by_itself=True)
        return Capacity(desired=units, in_service=units, quota=quota, said=self._no_decrease(table))

    async def set(self, units: int, key: str) -> None:
        """See Scalable; DynamoDB takes no key, the number is absolute. Raises WorldRefused for a decrease too many."""
        del key
        if self._managed is not None:
            await self._managed.set_least(units)
            return
        table = await self._table()
        provisioned = self._provisioned(table)
        if int(provisioned[self._units]) == units:
            return
        spent = self._no_decrease(table) if units < int(provisioned[self._units]) else ""
        if spent:
            raise WorldRefused(spent)
        throughput = {name: int(provisioned[name]) for name in _UNITS.values()} | {self._units: units}
        await ask(self._aws, "update_table", TableName=self._settings.table, ProvisionedThroughput=throughput)

    async def _table(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (await ask(self._aws, "describe_table", TableName=self._settings.table))["Table"]
        return found

    def _provisioned(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        if table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED") != "PROVISIONED":
            raise WorldRefused(f"{self._settings.table} is billed by request: AWS sizes it, and nothing is set there.")
        found: Mapping[str, Any] = table["ProvisionedThroughput"]
        return found

    async def _quota(self) -> int | None:
        limits = await ask(self._aws, "describe_limits")
        most = limits.get(f"TableMax{self._units}")
        return None if most is None else int(most)

    def _no_decrease(self, table: Mapping[str, Any]) -> str:
        """Why DynamoDB would take no decrease now; empty when it would. Its days are those of UTC."""
        provisioned = table["ProvisionedThroughput"]
        count, last = int(provisioned.get("NumberOfDecreasesToday", 0)), provisioned.get("LastDecreaseDateTime")
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        if count < DECREASES_AT_ONCE or not isinstance(last, datetime) or last.astimezone(UTC).date() != now.date():
            return ""
        gone_seconds = (now - last).total_seconds()
        if gone_seconds >= HOUR_SECONDS:
            return ""
        return (
            f"{self._settings.table} was decreased {count} times today, the last time {gone_seconds / 60:.0f} min ago: "
            "DynamoDB takes the next decrease an hour after the last one"
        )


def dimension_of(direction: Literal["read", "write"]) -> str:
    """What Application Auto Scaling calls what it sizes."""
    return f"dynamodb:table:{_UNITS[direction]}"


def resource_of(settings: DynamoDbTable) -> str:
    """What Application Auto Scaling calls the table."""
    return f"table/{settings.table}"


class OnDemandTable:
    """Scalable over a table that is billed by request: it has no units of its own, and none are set."""

    def __init__(self, settings: DynamoDbTable) -> None:
        self._settings = settings

    async def read(self) -> Capacity:
        """See Scalable; what it takes is AWS's matter, and what it costs is on the bill."""
        return Capacity(desired=0, in_service=0, grows_by_itself=True)

    async def set(self, units: int, key: str) -> None:
        """See Scalable. Raises WorldRefused."""
        raise WorldRefused(f"{self._settings.table} is billed by request: {units} units under {key:.8} are not set.")
