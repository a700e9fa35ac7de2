"""The traffic split as weighted Route 53 records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daemon.aws.session import Aws
from daemon.errors import AwsFailed
from remediation.errors import UnsafeWeights, WorldRefused, WorldUnreachable

MAX_RECORDS = 100
"""Weighted records of one name and type that Route 53 allows."""
MAX_PAGES = 3
"""Pages that hold that many records, with one to spare: an answer that goes on for ever is an error."""
LARGEST_WEIGHT = 255


@dataclass(frozen=True, slots=True)
class WeightedAddress:
    """What one environment's record says. addresses: IPv4, as many as the record holds."""

    addresses: tuple[str, ...]
    ttl_seconds: int
    weight: int


class Route53Traffic:
    """The Traffic port over the weighted A records of one name in one hosted zone."""

    def __init__(self, aws: Aws, zone_id: str, record_name: str) -> None:
        self._aws = aws
        self._zone_id = zone_id
        self._name = record_name if record_name.endswith(".") else f"{record_name}."

    async def read(self) -> dict[str, int]:
        """The weight of every environment."""
        return {environment: int(record["Weight"]) for environment, record in (await self._records()).items()}

    async def addresses(self) -> dict[str, WeightedAddress]:
        """What every environment's record says."""
        return {
            environment: WeightedAddress(
                addresses=tuple(value["Value"] for value in record.get("ResourceRecords", ())),
                ttl_seconds=int(record.get("TTL", 0)),
                weight=int(record["Weight"]),
            )
            for environment, record in (await self._records()).items()
        }

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """Set these weights in one change that takes effect whole or not at all; all else stays as it is."""
        records = await self._records()
        strangers = set(weights) - set(records)
        if strangers:
            raise UnsafeWeights(f"{self._name} has no record for {', '.join(sorted(strangers))}.")
        wanted = {environment: int(record["Weight"]) for environment, record in records.items()} | dict(weights)
        if not any(wanted.values()):
            raise UnsafeWeights(f"All records of {self._name} would weigh 0, which sends traffic to every one of them.")
        if not all(0 <= weight <= LARGEST_WEIGHT for weight in wanted.values()):
            raise UnsafeWeights(f"A weight of {self._name} is not between 0 and {LARGEST_WEIGHT}.")
        changes = [
            {"Action": "UPSERT", "ResourceRecordSet": {**record, "Weight": wanted[environment]}}
            for environment, record in records.items()
        ]
        await self._call(
            "change_resource_record_sets",
            HostedZoneId=self._zone_id,
            ChangeBatch={"Comment": key[:256], "Changes": changes},
        )

    async def _records(self) -> dict[str, dict[str, Any]]:
        """The record sets of the name by set identifier, as Route 53 holds them."""
        found: dict[str, dict[str, Any]] = {}
        start: dict[str, str] = {"StartRecordName": self._name, "StartRecordType": "A"}
        for _ in range(MAX_PAGES):
            page = await self._call(
                "list_resource_record_sets", HostedZoneId=self._zone_id, MaxItems=str(MAX_RECORDS), **start
            )
            for record in page["ResourceRecordSets"]:
                if record["Name"] != self._name or record["Type"] != "A":
                    return self._complete(found)
                if "Weight" not in record:
                    raise WorldRefused(f"{self._name} has a record that is not weighted.")
                found[record["SetIdentifier"]] = record
            if not page.get("IsTruncated", False):
                return self._complete(found)
            start = {
                "StartRecordName": page["NextRecordName"],
                "StartRecordType": page["NextRecordType"],
                **({"StartRecordIdentifier": page["NextRecordIdentifier"]} if "NextRecordIdentifier" in page else {}),
            }
        raise WorldRefused(f"{self._name} fills more than {MAX_PAGES} pages.")

    def _complete(self, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if not found:
            raise WorldRefused(f"Zone {self._zone_id} has no weighted A record for {self._name}")
        return found

    async def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        try:
            return await self._aws.call(operation, **arguments)
        except AwsFailed as fault:
            if fault.retryable:
                raise WorldUnreachable(fault.detail) from fault
            raise WorldRefused(fault.detail) from fault
