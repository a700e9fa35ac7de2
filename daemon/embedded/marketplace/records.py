"""What DNS answers the simulated clients: one record set of environments, or one of regions and one in each of them."""

import random
from collections.abc import Callable

from config.policy import TrafficPolicy
from daemon.aws.session import Aws
from daemon.embedded.marketplace.resolver import RegionResolver, Resolver, Resolves, WeightedRecord
from daemon.embedded.processes.surroundings import REGION
from daemon.traffic.route53 import Route53Traffic
from remediation.ports import Clock

SHARES = 60
"""The parts of a weight: every number of processes that an environment may have divides it."""

Behind = Callable[[str, str], tuple[str, ...]]
"""The addresses where an environment of a region takes payments now."""


class EnvironmentRecords:
    """The weighted records of one region as the resolver wants them.

    As behind an alias record, an environment's name stands for the processes that take its payments now; its weight
    is shared out among them.
    """

    def __init__(self, traffic: Route53Traffic, region: str, behind: Behind) -> None:
        self._traffic = traffic
        self._region = region
        self._behind = behind

    async def records(self) -> tuple[WeightedRecord, ...]:
        """One per environment and process."""
        return tuple(
            WeightedRecord(environment, address, record.weight * SHARES // len(addresses), record.ttl_seconds)
            for environment, record in (await self._traffic.addresses()).items()
            for addresses in [self._behind(self._region, environment)]
            for address in addresses
        )


class RegionRecords:
    """The weighted names of the regions as the resolver wants them."""

    def __init__(self, traffic: Route53Traffic) -> None:
        self._traffic = traffic

    async def records(self) -> tuple[WeightedRecord, ...]:
        """One per region, with its name in place of an address."""
        return tuple(
            WeightedRecord(region, name, record.weight, record.ttl_seconds)
            for region, record in (await self._traffic.addresses()).items()
            for name in record.addresses
        )


def open_resolver(
    route53: Aws, zone_id: str, policy: TrafficPolicy, behind: Behind, clock: Clock, chance: random.Random
) -> Resolves:
    """What every simulated client asks."""

    def in_region(region: str) -> Resolver:
        split = Route53Traffic(route53, zone_id, policy.record_of(region))
        return Resolver(EnvironmentRecords(split, region, behind), clock, chance)

    if not policy.regions:
        return in_region(REGION)
    between = Route53Traffic(route53, zone_id, policy.record_name, "CNAME")
    regions = {region: in_region(region) for region in policy.regions}
    return RegionResolver(Resolver(RegionRecords(between), clock, chance), regions)
