"""A cohort routed by a host of its own in DNS, ``canary.`` before the name of the traffic, which its clients use."""

import re
from typing import Any
from urllib.parse import quote, unquote

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from remediation.deployment.cohort import cohort_of
from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldRefused

PREFIX = "canary."
MARK = "till-cohort"
_NOTE = re.compile(r'"till-cohort (\S+) (\S+)"')
TEXT_MAX = 255
"""Characters of one string of a TXT record."""
HOST_TTL_SECONDS = 5
"""Of the host while no cohort is routed: how late its clients follow."""


class CohortHost:
    """One name. While a cohort is routed it has the addresses of its environment, and a TXT record that says so.

    Otherwise it is another name of the traffic, so that its clients go by the weights like everybody else; before a
    cohort was ever routed it does not exist.
    """

    def __init__(self, aws: Aws, zone_id: str, record_name: str) -> None:
        self._aws = aws
        self._zone_id = zone_id
        self._traffic = record_name
        self._host = f"{PREFIX}{record_name}"

    async def read(self) -> CohortRoute | None:
        """See Cohorts."""
        note = (await self._records(self._host)).get("TXT")
        return None if note is None else _noted(self._host, note)

    async def route(self, route: CohortRoute, key: str) -> None:
        """See Cohorts: the host, and what it says of itself, in one change."""
        if cohort_of(route.cohort) is None:
            raise WorldRefused(f"{route.cohort!r:.120} is no cohort.")
        there = await self._records(self._host)
        address = await self._address_of(route.environment)
        wanted = [
            {"Name": self._host, "Type": "A", "TTL": address["TTL"], "ResourceRecords": address["ResourceRecords"]},
            {"Name": self._host, "Type": "TXT", "TTL": address["TTL"], "ResourceRecords": [{"Value": _note(route)}]},
        ]
        await self._change(there, wanted, key)

    async def clear(self, key: str) -> None:
        """See Cohorts."""
        there = await self._records(self._host)
        if "TXT" not in there:
            return
        alias = {"Type": "CNAME", "TTL": HOST_TTL_SECONDS, "ResourceRecords": [{"Value": self._traffic}]}
        await self._change(there, [{"Name": self._host, **alias}], key)

    async def _address_of(self, environment: str) -> dict[str, Any]:
        """The environment's record among those that split the traffic."""
        page = await ask(
            self._aws,
            "list_resource_record_sets",
            HostedZoneId=self._zone_id,
            StartRecordName=self._traffic,
            StartRecordType="A",
        )
        for record in page["ResourceRecordSets"]:
            is_of_name = record["Name"] == self._traffic and record["Type"] == "A"
            if is_of_name and record.get("SetIdentifier") == environment and record.get("ResourceRecords"):
                return dict(record)
        raise WorldRefused(f"{self._traffic} has no record with addresses for {environment}.")

    async def _records(self, name: str) -> dict[str, dict[str, Any]]:
        """The record sets of a name by type."""
        page = await ask(self._aws, "list_resource_record_sets", HostedZoneId=self._zone_id, StartRecordName=name)
        return {record["Type"]: record for record in page["ResourceRecordSets"] if record["Name"] == name}

    async def _change(self, there: dict[str, dict[str, Any]], wanted: list[dict[str, Any]], key: str) -> None:
        types = {record["Type"] for record in wanted}
        gone = [{"Action": "DELETE", "ResourceRecordSet": there[old]} for old in sorted(set(there) - types)]
        made = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in wanted]
        await ask(
            self._aws,
            "change_resource_record_sets",
            HostedZoneId=self._zone_id,
            ChangeBatch={"Comment": key[:256], "Changes": gone + made},
        )


def _note(route: CohortRoute) -> str:
    text = f"{MARK} {quote(route.cohort, safe='=:,;/@!$&*+()')} {route.environment}"
    if len(text) > TEXT_MAX:
        raise WorldRefused(f"{route.cohort!r:.120} is too long for a TXT record.")
    return f'"{text}"'


def _noted(host: str, record: dict[str, Any]) -> CohortRoute:
    values = [str(value["Value"]) for value in record.get("ResourceRecords", ())]
    match = _NOTE.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise WorldRefused(f"{host} has a TXT record that routes no cohort.")
    return CohortRoute(cohort=unquote(match[1]), environment=match[2])
