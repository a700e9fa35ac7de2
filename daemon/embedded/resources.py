"""What the embedded AWS account holds: queues, topics, rules and the zone that splits the traffic."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from config.settings import QueueSettings
from daemon.aws.provision import (
    ensure_queues,
    ensure_rules,
    ensure_topics,
    ensure_weighted_records,
    ensure_zone,
)
from daemon.aws.session import AwsClients
from daemon.embedded.environments.cores import ADDRESSES
from daemon.embedded.processes.surroundings import REGION

ZONE = "tillwatch.test."
TTL_SECONDS = 1
"""Clients follow a rollback within two seconds: one in the resolver, one in themselves."""
FIRST_WEIGHTS: Mapping[str, int] = {"blue": 100, "green": 0}
EVEN_WEIGHT = 50
"""Of each region while all are well; only their proportion counts."""
NO_REGIONS: Mapping[str, Mapping[str, str]] = MappingProxyType({})
TOPICS = ("till-alarms", "till-budgets")

CONTROL_RULES: Mapping[str, object] = {
    "till-deployments": {"source": ["tillwatch.deploy"]},
    "till-heartbeats": {"source": ["tillwatch.monitoring"]},
    "till-aws-events": {
        "detail-type": [
            "CloudWatch Alarm State Change",
            "ECS Deployment State Change",
            "AWS Health Event",
            "AWS Health Abuse Event",
            "GuardDuty Finding",
            "Security Hub Findings - Imported",
            "Anomaly Detected",
        ]
    },
}
"""Event patterns by rule name; every match goes to the control queue."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What was made or found. records_are_new: the traffic split had to be made, so an earlier one was lost."""

    zone_id: str
    records_are_new: bool


async def ensure_resources(
    clients: AwsClients, queues: QueueSettings, record_name: str, far: Mapping[str, Mapping[str, str]] = NO_REGIONS
) -> Resources:
    """Make what is missing; messages in queues and weights of records that are there stay. Raises AwsFailed.

    far: addresses by environment of each region beside home; with any, the name splits between the regions.
    """
    async with asyncio.TaskGroup() as group:
        messaging = group.create_task(_ensure_messaging(clients, queues), name="ensure-messaging")
        traffic = group.create_task(_ensure_traffic(clients, record_name, far), name="ensure-traffic")
    messaging.result()
    return traffic.result()


async def _ensure_messaging(clients: AwsClients, queues: QueueSettings) -> None:
    arns = await ensure_queues(clients, (queues.payment_events, queues.control_events))
    control = arns[queues.control_events]
    async with asyncio.TaskGroup() as group:
        group.create_task(ensure_rules(clients, CONTROL_RULES, control), name="ensure-rules")
        group.create_task(ensure_topics(clients, TOPICS, control), name="ensure-topics")


async def _ensure_traffic(clients: AwsClients, record_name: str, far: Mapping[str, Mapping[str, str]]) -> Resources:
    zone_id = await ensure_zone(clients, ZONE)
    home = {str(environment): address for environment, address in ADDRESSES.items()}
    if not far:
        is_new = await ensure_weighted_records(clients, zone_id, record_name, home, FIRST_WEIGHTS, TTL_SECONDS)
        return Resources(zone_id=zone_id, records_are_new=is_new)
    regions = {REGION: home, **far}
    are_new = [
        await ensure_weighted_records(
            clients, zone_id, f"{region}.{record_name}", addresses, FIRST_WEIGHTS, TTL_SECONDS
        )
        for region, addresses in regions.items()
    ]
    names = {region: f"{region}.{record_name}" for region in regions}
    shares = dict.fromkeys(regions, EVEN_WEIGHT)
    await ensure_weighted_records(clients, zone_id, record_name, names, shares, TTL_SECONDS, "CNAME")
    return Resources(zone_id=zone_id, records_are_new=any(are_new))
