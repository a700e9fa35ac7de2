"""Each region's traffic is opened as the settings say, and what does not fit together is refused by its name."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from config.policy import TrafficPolicy
from config.settings import AwsSettings, Settings
from daemon.aws.session import AwsClients
from daemon.errors import NotUsable
from daemon.traffic.alb import LoadBalancerTraffic
from daemon.traffic.lambda_alias import LambdaAliasTraffic
from daemon.traffic.opened import OpenedTraffic, open_traffic
from daemon.traffic.route53 import Route53Traffic
from tests.contract.traffic.worlds import ARN

REGIONS = {"us-east-1": {"payments_per_second": 100.0}, "us-west-2": {"payments_per_second": 100.0}}
BALANCER = {
    "kind": "alb",
    "rules": (f"{ARN}listener/app/payments/1/2",),
    "groups": {"blue": f"{ARN}targetgroup/blue/1", "green": f"{ARN}targetgroup/green/1"},
}
ALIAS = {"kind": "lambda", "function": "payments", "alias": "live", "environments": {"blue": "b", "green": "g"}}


async def opened(regions: Mapping[str, object], traffic: Mapping[str, object]) -> OpenedTraffic:
    settings = Settings.model_validate({"traffic": {"regions": traffic}, "hosted_zone_id": "Z1"})
    clients = AwsClients(AwsSettings(endpoint_url="http://127.0.0.1:1"), "test", "test")
    async with AsyncExitStack() as stack:
        return await open_traffic(stack, settings, TrafficPolicy.model_validate({"regions": regions}), clients)


async def test_one_region_has_the_records_of_the_policy_and_nothing_between() -> None:
    traffic = await opened({}, {})
    assert set(traffic.by_region) == {"us-east-1"}
    assert isinstance(traffic.at_home, Route53Traffic)
    assert traffic.between is None


async def test_each_of_several_regions_has_its_own_kind_and_dns_splits_between_them() -> None:
    traffic = await opened(REGIONS, {"us-east-1": BALANCER, "us-west-2": ALIAS})
    assert isinstance(traffic.by_region["us-east-1"], LoadBalancerTraffic)
    assert isinstance(traffic.by_region["us-west-2"], LambdaAliasTraffic)
    assert isinstance(traffic.between, Route53Traffic)


@pytest.mark.parametrize(
    ("regions", "traffic", "why"),
    [
        ({}, {"us-west-2": ALIAS}, "names us-west-2"),
        ({"us-west-1": REGIONS["us-east-1"], "us-west-2": REGIONS["us-west-2"]}, {}, "aws.region is us-east-1"),
    ],
)
async def test_regions_that_do_not_fit_together_are_refused(
    regions: Mapping[str, object], traffic: Mapping[str, object], why: str
) -> None:
    with pytest.raises(NotUsable, match=why):
        await opened(regions, traffic)
