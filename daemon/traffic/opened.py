"""Opens what splits the traffic of each region, and between regions, over the world that the settings name."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import assert_never

from config.delivery.traffic import LambdaAlias, LoadBalancerGroups, Route53Records
from config.policy import TrafficPolicy
from config.settings import Settings
from daemon.aws.session import Aws, AwsClients
from daemon.errors import NotUsable
from daemon.traffic.alb import LoadBalancerTraffic
from daemon.traffic.cohort_host import CohortHost
from daemon.traffic.cohort_rule import CohortRule
from daemon.traffic.cohorts import RegionalCohorts, RegionCohort
from daemon.traffic.combined import CombinedSplit
from daemon.traffic.lambda_alias import LambdaAliasTraffic
from daemon.traffic.route53 import Route53Traffic
from remediation.ports import Traffic


@dataclass(frozen=True, slots=True)
class OpenedTraffic:
    """home: the region of the settings. by_region: splits between environments. between: splits between regions.

    between is None where there is one region alone. cohorts: of the regions that can route one.
    """

    home: str
    by_region: Mapping[str, Traffic]
    between: Traffic | None
    cohorts: RegionalCohorts

    @property
    def at_home(self) -> Traffic:
        """The split of the home region."""
        return self.by_region[self.home]

    @property
    def shown(self) -> Traffic | CombinedSplit:
        """What people look at: who gets which share of all traffic."""
        return self.at_home if self.between is None else CombinedSplit(self.between, self.by_region)


async def open_traffic(
    stack: AsyncExitStack, settings: Settings, policy: TrafficPolicy, clients: AwsClients
) -> OpenedTraffic:
    """The Traffic port of every region; clients are closed when the stack is. Raises NotUsable.

    A region without an entry in the settings has weighted records of its own name in the settings' hosted zone.
    """
    home = settings.aws.region
    regions = tuple(policy.regions) if policy.regions else (home,)
    strangers = sorted(set(settings.traffic.regions) - set(regions))
    if strangers:
        raise NotUsable(f"traffic.regions of the settings names {', '.join(strangers)}; policy.yaml does not.")
    if home not in regions:
        raise NotUsable(f"aws.region is {home}, which traffic.regions of policy.yaml does not name.")
    route53 = await stack.enter_async_context(clients.client("route53"))
    by_region: dict[str, Traffic] = {}
    cohorts: dict[str, RegionCohort] = {}
    for region in regions:
        by_region[region], cohort = await _of_region(stack, settings, policy, clients, route53, region)
        if cohort is not None:
            cohorts[region] = cohort
    between = Route53Traffic(route53, settings.hosted_zone_id, policy.record_name, "CNAME") if policy.regions else None
    return OpenedTraffic(home=home, by_region=by_region, between=between, cohorts=RegionalCohorts(cohorts))


async def _of_region(
    stack: AsyncExitStack,
    settings: Settings,
    policy: TrafficPolicy,
    clients: AwsClients,
    route53: Aws,
    region: str,
) -> tuple[Traffic, RegionCohort | None]:
    """What splits the region's traffic, and what routes a cohort there."""
    chosen, zone = settings.traffic.regions.get(region), settings.hosted_zone_id
    match chosen:
        case None | Route53Records():
            name = policy.record_of(region) if chosen is None else chosen.record_name
            return Route53Traffic(route53, zone, name), CohortHost(route53, zone, name)
        case LoadBalancerGroups():
            elb = await stack.enter_async_context(clients.client("elbv2", region))
            return LoadBalancerTraffic(elb, chosen), None if chosen.cohort is None else CohortRule(elb, chosen)
        case LambdaAlias():
            functions = await stack.enter_async_context(clients.client("lambda", region))
            return LambdaAliasTraffic(functions, chosen), None
        case _:
            assert_never(chosen)
