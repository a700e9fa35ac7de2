"""The traffic split as weighted Route 53 records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.traffic.weights import require_sound
from remediation.errors import WorldRefused

MAX_RECORDS = 100
"""Weighted records of one name and type that Route 53 allows."""
PAGES_MAX = 3
"""Pages that hold that many records, with one to spare: an answer that goes on for ever is an error."""
LARGEST_WEIGHT = 255
ALIAS_TTL_SECONDS = 60
"""Of an alias record, which has none of its own: that of an AWS load balancer's name."""


@dataclass(frozen=True, slots=True)
class WeightedAddress:
    """What one environment's record says. addresses: IPv4, as many as the record holds."""

    addresses: tuple[str, ...]
    ttl_seconds: int
    weight: int


class Route53Traffic:
    """The Traffic port over the weighted records of one name in one hosted zone.

    record_type: ``A`` between environments; ``CNAME`` between regions, each of which has a name of its own.
    """

    def __init__(self, aws: Aws, zone_id: str, record_name: str, record_type: Literal["A", "CNAME"] = "A") -> None:
        self._aws = aws
        self._zone_id = zone_id
        self._name = record_name if record_name.endswith(".") else f"{record_name}."
        self._type = record_type

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
        """Set every weight in one change that takes effect whole or not at all; all else stays as it is."""
        records = await self._records()
        require_sound(self._name, weights, records, LARGEST_WEIGHT)
        changes = [
            {"Action": "UPSERT", "ResourceRecordSet": {**record, "Weight": weights[identifier]}}
            for identifier, record in records.items()
        ]
        await ask(
            self._aws,
            "change_resource_record_sets",
            HostedZoneId=self._zone_id,
            ChangeBatch={"Comment": key[:256], "Changes": changes},
        )

    async def settles_in_seconds(self) -> float:
        """The longest TTL of the records: who asked right before a change goes by the old ones for so long."""
        return max(float(record.get("TTL", ALIAS_TTL_SECONDS)) for record in (await self._records()).values())

    async def _records(self) -> dict[str, dict[str, Any]]:
        """The record sets of the name by set identifier, as Route 53 holds them."""
        found: dict[str, dict[str, Any]] = {}
        start: dict[str, str] = {"StartRecordName": self._name, "StartRecordType": self._type}
        for _ in range(PAGES_MAX):
            page = await ask(
                self._aws, "list_resource_record_sets", HostedZoneId=self._zone_id, MaxItems=str(MAX_RECORDS), **start
            )
            for record in page["ResourceRecordSets"]:
                if record["Name"] != self._name or record["Type"] != self._type:
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
        raise WorldRefused(f"{self._name} fills more than {PAGES_MAX} pages.")

    def _complete(self, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if not found:
            raise WorldRefused(f"Zone {self._zone_id} has no weighted {self._type} record for {self._name}")
        spellings: dict[str, str] = {}
        for identifier in found:
            other = spellings.setdefault(identifier.casefold(), identifier)
            if other != identifier:
                raise WorldRefused(f"{self._name} has a record {other} and a record {identifier}; remove one of them.")
        return found
