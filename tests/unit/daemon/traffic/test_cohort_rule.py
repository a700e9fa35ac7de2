"""A listener rule routes a cohort, and a rule of somebody else is neither changed nor deleted."""

from typing import Any

import pytest

from config.delivery.traffic import CohortRule as CohortRuleSettings
from config.delivery.traffic import LoadBalancerGroups
from daemon.traffic.cohort_rule import CohortRule
from daemon.traffic.cohorts import RegionalCohorts
from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldRefused
from tests.contract.traffic.simulated import SimulatedLoadBalancer
from tests.contract.traffic.worlds import ARN, Faulty, forward

LISTENER = f"{ARN}listener/app/payments/1/443"
RULE = f"{ARN}listener-rule/app/payments/1/443/ours"
BLUE, GREEN, RED = (f"{ARN}targetgroup/{name}/1" for name in ("blue", "green", "red"))
SETTINGS = LoadBalancerGroups(
    kind="alb",
    rules=(LISTENER,),
    groups={"blue": BLUE, "green": GREEN},
    cohort=CohortRuleSettings(listener=LISTENER, priority=7, merchant_header="x-merchant"),
)
MERCHANT = CohortRoute(cohort="merchant=mer_12", environment="green")


def cohort(simulated: SimulatedLoadBalancer) -> CohortRule:
    return CohortRule(simulated, SETTINGS)


def balancer(
    conditions: list[dict[str, Any]] | None = None, weights: dict[str, int] | None = None
) -> SimulatedLoadBalancer:
    simulated = SimulatedLoadBalancer()
    simulated.groups = {BLUE, GREEN, RED}
    simulated.actions[LISTENER] = forward({BLUE: 1})
    if conditions is not None:
        simulated.actions[RULE] = forward({GREEN: 1} if weights is None else weights)
        simulated.conditions[RULE], simulated.priorities[RULE] = conditions, "7"
    return simulated


def header(*values: str) -> dict[str, Any]:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Merchant", "Values": list(values)}}


@pytest.mark.parametrize(
    ("conditions", "weights"),
    [
        ([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/v2/*"]}}], None),
        ([], None),
        ([header("mer_12"), {"Field": "host-header"}], None),
        ([header("mer_12", "mer_13")], None),
        ([header("mer_12")], {RED: 1}),
        ([header("mer_12")], {BLUE: 1, GREEN: 1}),
    ],
)
async def test_a_rule_of_somebody_else_at_the_priority_is_refused_and_stays(
    conditions: list[dict[str, Any]], weights: dict[str, int] | None
) -> None:
    simulated = balancer(conditions, weights)
    before = simulated.actions[RULE]
    with pytest.raises(WorldRefused, match="Priority 7"):
        await cohort(simulated).read()
    with pytest.raises(WorldRefused, match="Priority 7"):
        await cohort(simulated).route(MERCHANT, "key")
    with pytest.raises(WorldRefused, match="Priority 7"):
        await cohort(simulated).clear("key")
    assert simulated.actions[RULE] == before


async def test_the_merchants_header_is_the_one_of_the_settings_in_any_case_of_letters() -> None:
    simulated = balancer([header("mer_12")])
    assert await cohort(simulated).read() == MERCHANT
    aws = Faulty(simulated)
    await CohortRule(aws, SETTINGS).route(MERCHANT, "key")
    assert aws.asked == ["describe_rules"], "it is so already"


@pytest.mark.parametrize("value", ["*", "1?", "a\\b"])
async def test_a_value_that_would_route_more_than_itself_is_refused(value: str) -> None:
    simulated = balancer()
    with pytest.raises(WorldRefused, match="cannot be looked for"):
        await cohort(simulated).route(CohortRoute(cohort=f"header=x-canary:{value}", environment="green"), "key")
    assert list(simulated.actions) == [LISTENER]


async def test_a_region_whose_traffic_an_alias_splits_routes_nobody() -> None:
    cohorts = RegionalCohorts({"us-east-1": cohort(balancer())})
    assert await cohorts.read("us-east-1") is None
    with pytest.raises(WorldRefused, match="us-west-2 routes no cohort"):
        await cohorts.route("us-west-2", MERCHANT, "key")
