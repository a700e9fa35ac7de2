"""A deployment to ECS is one change under one key, with the circuit breaker on and all settings of the service kept."""

from typing import Any

import pytest

from config.delivery.environments import EcsEnvironment, EcsEnvironments
from daemon.environments.ecs import EcsServices
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable
from tests.contract.environments.simulated_ecs import SimulatedEcs, UnlimitedScaling
from tests.contract.environments.worlds import DEFINITION, ecs_settings
from tests.unit.daemon.environments.scripted import ScriptedAws

GROUPS = [
    {"targetGroupArn": "arn:group/a", "containerName": "core", "containerPort": 8080},
    {"targetGroupArn": "arn:group/b", "containerName": "core", "containerPort": 8080},
]


def services(ecs: Any, balancers: Any = None, settings: EcsEnvironments | None = None) -> EcsServices:  # noqa: ANN401  # fakes
    chosen = ecs_settings("till", "core-green") if settings is None else settings
    return EcsServices(chosen, ecs=ecs, balancers=balancers, scaling=UnlimitedScaling())


async def cluster() -> SimulatedEcs:
    """A cluster whose service runs 1.0.0 once."""
    ecs = SimulatedEcs()
    await ecs.call("register_task_definition", family="core-green", **DEFINITION)
    await services(ecs).deploy("green", "1.0.0", 1, "first")
    await services(ecs).look("green")
    return ecs


async def described(ecs: SimulatedEcs) -> dict[str, Any]:
    answer = await ecs.call("describe_services", cluster="till", services=["core-green"], include=["TAGS"])
    service: dict[str, Any] = answer["services"][0]
    return service


async def test_the_circuit_breaker_goes_back_unless_the_settings_turn_it_off() -> None:
    ecs = await cluster()
    service = await described(ecs)
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    off = ecs_settings("till", "core-green").model_copy(update={"circuit_breaker": "off"})
    await services(ecs, settings=off).deploy("green", "2.0.0", 1, "second")
    service = await described(ecs)
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": False, "rollback": False}


async def test_how_the_service_deploys_is_kept_but_for_the_circuit_breaker() -> None:
    ecs = await cluster()
    own = {
        "maximumPercent": 150,
        "minimumHealthyPercent": 75,
        "alarms": {"alarmNames": ["a"], "enable": True, "rollback": True},
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    }
    await ecs.call("update_service", service="core-green", deploymentConfiguration=own)
    await services(ecs).deploy("green", "2.0.0", 1, "second")
    kept = (await described(ecs))["deploymentConfiguration"]
    assert kept == {**own, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}


async def test_a_revision_that_is_the_newest_already_is_not_registered_again() -> None:
    ecs = await cluster()
    definition = await ecs.call("describe_task_definition", taskDefinition="core-green")
    number = definition["taskDefinition"]["revision"]
    await services(ecs).deploy("green", "1.0.0", 2, "bigger")
    again = await ecs.call("describe_task_definition", taskDefinition="core-green")
    assert again["taskDefinition"]["revision"] == number
    assert again["tags"] == DEFINITION["tags"], "a new revision keeps the tags of the one it was made from"


async def test_a_crash_between_the_tag_and_the_change_loses_neither() -> None:
    ecs = await cluster()

    class Crashing:
        async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
            if operation == "update_service":
                lost = "ReadTimeoutError: it never arrived"
                raise AwsFailed(lost)
            return await ecs.call(operation, **arguments)

    with pytest.raises(WorldUnreachable):
        await services(Crashing()).deploy("green", "2.0.0", 1, "second")
    before = await services(ecs).look("green")
    assert before is not None
    assert (before.version, before.failed) == ("1.0.0", "")
    await services(ecs).deploy("green", "2.0.0", 1, "second")
    after = await services(ecs).look("green")
    assert after is not None
    assert after.version == "2.0.0"


async def test_health_is_that_of_the_target_group_with_the_fewest_healthy_targets() -> None:
    states = {"arn:group/a": ["healthy", "healthy", "draining"], "arn:group/b": ["healthy", "unhealthy"]}
    balancers = ScriptedAws(
        describe_target_health=lambda asked: {
            "TargetHealthDescriptions": [{"TargetHealth": {"State": one}} for one in states[asked["TargetGroupArn"]]]
        }
    )
    ecs = await cluster()
    service = {**(await described(ecs)), "loadBalancers": GROUPS, "desiredCount": 2, "runningCount": 2}
    definition = await ecs.call("describe_task_definition", taskDefinition="core-green")
    scripted = ScriptedAws(describe_services={"services": [service]}, describe_task_definition=definition)
    state = await services(scripted, balancers).look("green")
    assert state is not None
    assert (state.healthy, state.running, state.settled) == (1, 2, False)


async def test_a_task_definition_is_read_once_because_a_revision_never_changes() -> None:
    ecs = await cluster()
    definition = await ecs.call("describe_task_definition", taskDefinition="core-green")
    scripted = ScriptedAws(describe_services={"services": [await described(ecs)]}, describe_task_definition=definition)
    region = services(scripted)
    await region.look("green")
    await region.look("green")
    assert scripted.names().count("describe_task_definition") == 1


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"services": [], "failures": [{"arn": "a", "reason": "ACCESS", "detail": "no"}]}, "ACCESS no"),
        ({"services": [{"status": "ACTIVE", "deploymentController": {"type": "CODE_DEPLOY"}}]}, "CODE_DEPLOY"),
    ],
)
async def test_a_service_that_is_not_ours_to_deploy_is_refused(answer: dict[str, Any], word: str) -> None:
    with pytest.raises(WorldRefused, match=word):
        await services(ScriptedAws(describe_services=answer)).look("green")


async def test_a_deleted_service_does_not_exist() -> None:
    answer = {"services": [{"status": "INACTIVE"}], "failures": []}
    assert await services(ScriptedAws(describe_services=answer)).look("green") is None


async def test_a_service_that_nobody_said_how_to_make_is_not_made() -> None:
    settings = ecs_settings("till", "core-green")
    without = settings.model_copy(
        update={"environments": {"green": EcsEnvironment(service="new", family="core-green")}}
    )
    ecs = await cluster()
    with pytest.raises(WorldRefused, match="no create"):
        await services(ecs, settings=without).deploy("green", "2.0.0", 1, "key")
    with pytest.raises(WorldRefused, match="There is no service new"):
        await services(ecs, settings=without).resize("green", 1, "key")


async def test_a_new_service_gets_its_network_its_load_balancer_and_a_short_token() -> None:
    definition = {"taskDefinition": {**DEFINITION, "taskDefinitionArn": "arn:1", "family": "core-green"}}
    scripted = ScriptedAws(
        describe_services={"services": [], "failures": [{"reason": "MISSING"}]},
        describe_task_definition=definition,
        register_task_definition={"taskDefinition": {"taskDefinitionArn": "arn:2"}},
        create_service={},
    )
    settings = ecs_settings("till", "core-green", target_group="arn:group/a")
    await services(scripted, settings=settings).deploy("green", "2.0.0", 3, "k" * 64)
    asked = scripted.arguments("create_service")
    assert asked["clientToken"] == "k" * 36
    assert asked["networkConfiguration"]["awsvpcConfiguration"] == {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
    assert asked["loadBalancers"] == [GROUPS[0]]
    assert asked["healthCheckGracePeriodSeconds"] == 30
    assert (asked["desiredCount"], asked["taskDefinition"]) == (3, "arn:2")


async def test_a_deployment_that_failed_where_ecs_had_nothing_to_go_back_to_is_begun_anew_under_another_key() -> None:
    ecs = await cluster()
    definition = await ecs.call("describe_task_definition", taskDefinition="core-green")
    service = await described(ecs)
    for state, begun in (("FAILED", 1), ("IN_PROGRESS", 0), ("COMPLETED", 0)):
        shown = {**service, "deployments": [{**service["deployments"][0], "rolloutState": state}]}
        scripted = ScriptedAws(
            describe_services={"services": [shown]},
            describe_task_definition=definition,
            tag_resource={},
            update_service={},
        )
        await services(scripted).deploy("green", "1.0.0", 1, "another")
        assert scripted.names().count("update_service") == begun
        assert not begun or scripted.arguments("update_service")["forceNewDeployment"]
