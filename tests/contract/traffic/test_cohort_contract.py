"""A cohort is routed by name, once, wherever that can be done, and everybody goes by the weights when it is lifted."""

from collections.abc import AsyncIterator

import pytest

from config.delivery.traffic import CohortRule as CohortRuleSettings
from config.delivery.traffic import LoadBalancerGroups
from config.settings import AwsSettings
from daemon.aws.session import AwsClients
from daemon.errors import AwsFailed
from daemon.traffic.cohort_host import CohortHost
from daemon.traffic.cohort_rule import CohortRule
from daemon.traffic.cohorts import RegionCohort
from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldRefused, WorldUnreachable
from tests.contract.traffic.simulated import SimulatedLoadBalancer
from tests.contract.traffic.worlds import ARN, Faulty, balancer_in_moto, forward, records_in

MERCHANT = CohortRoute(cohort="merchant=mer_12", environment="green")
HEADER = CohortRoute(cohort='header=x-canary:"1"', environment="green")


class CohortWorld:
    """cohort: over aws. writes: the operations that change something."""

    def __init__(self, cohort: RegionCohort, aws: Faulty, writes: frozenset[str]) -> None:
        self.cohort = cohort
        self.aws = aws
        self.writes = writes

    @property
    def changes(self) -> int:
        return sum(operation in self.writes for operation in self.aws.asked)


RULE_WRITES = frozenset({"create_rule", "modify_rule", "delete_rule"})


@pytest.fixture(params=["route53-ministack", "route53-moto", "balancer-simulated", "balancer-moto"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[CohortWorld]:
    kind, _, place = request.param.partition("-")
    if place == "simulated":
        simulated = SimulatedLoadBalancer()
        listener = f"{ARN}listener/app/payments/1/443"
        groups = {name: f"{ARN}targetgroup/{name}/1" for name in ("blue", "green")}
        simulated.groups = set(groups.values())
        simulated.actions[listener] = forward({groups["blue"]: 1})
        aws = Faulty(simulated)
        yield CohortWorld(CohortRule(aws, _settings(listener, groups)), aws, RULE_WRITES)
        return
    url = str(request.getfixturevalue(f"emulated_{place}_url"))
    clients = AwsClients(AwsSettings(endpoint_url=url), "test", "test")
    if kind == "route53":
        async with clients.client("route53") as client:
            zone_id, name = await records_in(client)
            aws = Faulty(client)
            yield CohortWorld(CohortHost(aws, zone_id, name), aws, frozenset({"change_resource_record_sets"}))
        return
    async with clients.client("elbv2") as client, clients.client("ec2") as ec2:
        listener, groups = await balancer_in_moto(client, ec2)
        aws = Faulty(client)
        yield CohortWorld(CohortRule(aws, _settings(listener, groups)), aws, RULE_WRITES)


def _settings(listener: str, groups: dict[str, str]) -> LoadBalancerGroups:
    return LoadBalancerGroups(
        kind="alb",
        rules=(listener,),
        groups={name: groups[name] for name in ("blue", "green")},
        cohort=CohortRuleSettings(listener=listener, priority=10),
    )


async def test_a_cohort_is_routed_moved_changed_and_lifted_each_as_often_as_asked(world: CohortWorld) -> None:
    assert await world.cohort.read() is None
    for route in (MERCHANT, MERCHANT, HEADER, CohortRoute(cohort=HEADER.cohort, environment="blue")):
        await world.cohort.route(route, "key")
        assert await world.cohort.read() == route
    for _ in range(2):
        await world.cohort.clear("key")
        assert await world.cohort.read() is None
    await world.cohort.route(MERCHANT, "key")
    assert await world.cohort.read() == MERCHANT


async def test_lifting_what_was_never_routed_sends_nothing(world: CohortWorld) -> None:
    await world.cohort.clear("key")
    assert world.changes == 0


async def test_an_environment_that_nobody_knows_and_what_is_no_cohort_are_refused(world: CohortWorld) -> None:
    for route in (
        CohortRoute(cohort="merchant=mer_12", environment="red"),
        CohortRoute(cohort="everybody", environment="green"),
    ):
        with pytest.raises(WorldRefused):
            await world.cohort.route(route, "key")
    assert world.changes == 0
    assert await world.cohort.read() is None


async def test_a_change_whose_answer_was_lost_may_be_repeated(world: CohortWorld) -> None:
    for operation in world.writes:
        world.aws.after[operation] = [AwsFailed("no answer")]
    with pytest.raises(WorldUnreachable):
        await world.cohort.route(MERCHANT, "key")
    assert await world.cohort.read() == MERCHANT
    world.aws.after.clear()
    await world.cohort.route(MERCHANT, "key")
    assert await world.cohort.read() == MERCHANT
