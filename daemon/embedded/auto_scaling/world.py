"""What the stand-in moves: desired counts of ECS services and capacity of DynamoDB tables, in the AWS stand-in."""

from typing import Any

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.embedded.auto_scaling.book import Json, Place
from remediation.errors import WorldRefused

_UNITS = {
    "dynamodb:table:ReadCapacityUnits": "ReadCapacityUnits",
    "dynamodb:table:WriteCapacityUnits": "WriteCapacityUnits",
}


class AwsWorld:
    """World over two clients. values: what a metric is at this moment, by resource; a stand-in measures nothing."""

    def __init__(self, ecs: Aws, dynamodb: Aws) -> None:
        self._ecs = ecs
        self._dynamodb = dynamodb
        self.values: dict[str, float] = {}

    async def capacity(self, place: Place) -> int:
        """See World."""
        if place.namespace == "ecs":
            return int((await self._service(place))["desiredCount"])
        return int((await self._table(place))["ProvisionedThroughput"][_units(place)])

    async def move(self, place: Place, capacity: int) -> None:
        """See World."""
        if place.namespace == "ecs":
            _, cluster, service = place.resource.split("/")
            await ask(self._ecs, "update_service", cluster=cluster, service=service, desiredCount=capacity)
            return
        provisioned = (await self._table(place))["ProvisionedThroughput"]
        throughput = {name: int(provisioned[name]) for name in _UNITS.values()} | {_units(place): capacity}
        name = place.resource.removeprefix("table/")
        await ask(self._dynamodb, "update_table", TableName=name, ProvisionedThroughput=throughput)

    async def value(self, place: Place, policy: Json) -> float | None:
        """See World."""
        del policy
        return self.values.get(place.resource)

    async def _service(self, place: Place) -> dict[str, Any]:
        _, cluster, service = place.resource.split("/")
        answer = await ask(self._ecs, "describe_services", cluster=cluster, services=[service])
        found: list[dict[str, Any]] = answer.get("services", [])
        if not found:
            raise WorldRefused(f"There is no service {service} in {cluster}.")
        return found[0]

    async def _table(self, place: Place) -> dict[str, Any]:
        name = place.resource.removeprefix("table/")
        found: dict[str, Any] = (await ask(self._dynamodb, "describe_table", TableName=name))["Table"]
        return found


def _units(place: Place) -> str:
    if place.dimension not in _UNITS:
        raise WorldRefused(f"{place.dimension} is nothing that this stand-in moves.")
    return _UNITS[place.dimension]
