"""Opens what splits the traffic of each region, and between regions, over the world that the settings name."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import assert_never

from config.policy import TrafficPolicy
from config.settings import Settings
from config.traffic import LambdaAlias, LoadBalancerGroups, Route53Records
from daemon.aws.route53 import Route53Traffic
from daemon.aws.session import Aws, AwsClients
from daemon.errors import NotUsable
from daemon.traffic.alb import LoadBalancerTraffic
from daemon.traffic.combined import CombinedSplit
from daemon.traffic.lambda_alias import LambdaAliasTraffic
from remediation.ports import Traffic


@dataclass(frozen=True, slots=True)
class OpenedTraffic:
    """home: the region of the settings. by_region: splits between environments. between: splits between regions.

    between is None where there is one region alone.
    """

    home: str
    by_region: Mapping[str, Traffic]
    between: Traffic | None

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
    by_region: dict[str, Traffic] = {
        region: await _of_region(stack, settings, policy, clients, route53, region) for region in regions
    }
    between = Route53Traffic(route53, settings.hosted_zone_id, policy.record_name, "CNAME") if policy.regions else None
    return OpenedTraffic(home=home, by_region=by_region, between=between)


async def _of_region(
    stack: AsyncExitStack,
    settings: Settings,
    policy: TrafficPolicy,
    clients: AwsClients,
    route53: Aws,
    region: str,
) -> Traffic:
    chosen = settings.traffic.regions.get(region)
    match chosen:
        case None:
            return Route53Traffic(route53, settings.hosted_zone_id, policy.record_of(region))
        case Route53Records():
            return Route53Traffic(route53, settings.hosted_zone_id, chosen.record_name)
        case LoadBalancerGroups():
            elb = await stack.enter_async_context(clients.client("elbv2", region))
            return LoadBalancerTraffic(elb, chosen)
        case LambdaAlias():
            functions = await stack.enter_async_context(clients.client("lambda", region))
            return LambdaAliasTraffic(functions, chosen)
        case _:
            assert_never(chosen)
