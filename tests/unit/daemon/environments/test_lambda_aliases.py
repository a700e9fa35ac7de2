"""An alias is an environment of one version, and its warm instances are its size."""

from typing import Any

import pytest

from config.delivery.environments import LambdaArchive, LambdaEnvironment, LambdaEnvironments
from daemon.environments.lambda_aliases import LambdaAliases
from daemon.errors import AwsFailed
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused
from tests.contract.environments.simulated_ecs import UnlimitedScaling
from tests.unit.daemon.environments.scripted import Answer, ScriptedAws, SteppingClock

SETTINGS = LambdaEnvironments(
    kind="lambda",
    function="core",
    archive=LambdaArchive(bucket="releases", key="core/{version}.zip"),
    environments={"green": LambdaEnvironment(alias="green")},
)
ALIAS = {"Name": "green", "FunctionVersion": "7", "RevisionId": "a"}
VERSION = {
    "State": "Active",
    "Environment": {"Variables": {"TILL_CORE_VERSION": "1.0.0", "TILL_CORE_ENVIRONMENT": "green"}},
}
NOTHING_WARM = AwsFailed("none", code="ProvisionedConcurrencyConfigNotFoundException", retryable=False)


def warm(status: str, available: int = 2, **more: object) -> dict[str, object]:
    return {
        "RequestedProvisionedConcurrentExecutions": 2,
        "AllocatedProvisionedConcurrentExecutions": 2,
        "AvailableProvisionedConcurrentExecutions": available,
        "Status": status,
        **more,
    }


def aliases(scripted: ScriptedAws, scaling: Any = None) -> LambdaAliases:  # noqa: ANN401  # a fake
    chosen = UnlimitedScaling() if scaling is None else scaling
    return LambdaAliases(SETTINGS, lambda_=scripted, scaling=chosen, clock=SteppingClock())


async def look(
    *, alias: Answer = ALIAS, version: Answer = VERSION, concurrency: Answer = NOTHING_WARM
) -> EnvironmentState:
    scripted = ScriptedAws(
        get_alias=alias, get_function_configuration=version, get_provisioned_concurrency_config=concurrency
    )
    state = await aliases(scripted).look("green")
    assert state is not None
    return state


async def test_an_alias_is_settled_once_its_instances_are_warm() -> None:
    state = await look(concurrency=warm("READY"))
    assert (state.version, state.desired, state.running, state.healthy) == ("1.0.0", 2, 2, 2)
    assert state.settled


async def test_an_alias_whose_instances_warm_up_has_not_settled() -> None:
    state = await look(concurrency=warm("IN_PROGRESS", 1))
    assert (state.healthy, state.settled, state.failed) == (1, False, "")


async def test_instances_that_cannot_be_warmed_tell_why() -> None:
    state = await look(concurrency=warm("FAILED", 0, StatusReason="the image is too old"))
    assert state.failed == "provisioned concurrency: the image is too old"


async def test_a_version_that_cannot_run_tells_why() -> None:
    state = await look(version={**VERSION, "State": "Failed", "StateReason": "the key is disabled"})
    assert state.failed == "version 7: the key is disabled"
    assert not state.settled


async def test_an_alias_without_warm_instances_runs_on_demand_and_has_settled() -> None:
    state = await look()
    assert (state.desired, state.settled) == (0, True)


async def test_an_alias_that_sends_to_two_versions_has_not_settled_and_takes_no_other() -> None:
    split = {**ALIAS, "RoutingConfig": {"AdditionalVersionWeights": {"8": 0.1}}}
    assert not (await look(alias=split)).settled
    scripted = ScriptedAws(get_alias=split)
    with pytest.raises(WorldRefused, match="also sends to version 8"):
        await aliases(scripted).deploy("green", "2.0.0", 1, "key")
    assert scripted.names() == ["get_alias"]


async def test_a_release_that_was_published_before_is_pointed_to_and_not_published_again() -> None:
    variables = {"TILL_CORE_VERSION": "2.0.0", "TILL_CORE_ENVIRONMENT": "green"}
    scripted = ScriptedAws(
        get_alias=ALIAS,
        get_function_configuration=VERSION,
        list_versions_by_function={"Versions": [{"Version": "8", "Environment": {"Variables": variables}}]},
        get_provisioned_concurrency_config=warm("READY"),
        update_alias={},
    )
    await aliases(scripted).deploy("green", "2.0.0", 2, "key")
    asked = scripted.arguments("update_alias")
    assert asked == {"FunctionName": "core", "Name": "green", "FunctionVersion": "8", "RevisionId": "a"}


async def test_a_size_beyond_the_limits_of_auto_scaling_is_refused_before_anything_is_changed() -> None:
    scaling = ScriptedAws(describe_scalable_targets={"ScalableTargets": [{"MinCapacity": 1, "MaxCapacity": 3}]})
    scripted = ScriptedAws(get_alias=ALIAS)
    for size in (0, 4):
        with pytest.raises(WorldRefused, match="function:core:green between 1 and 3"):
            await aliases(scripted, scaling).deploy("green", "2.0.0", size, "key")
        with pytest.raises(WorldRefused, match="function:core:green between 1 and 3"):
            await aliases(scripted, scaling).resize("green", size, "key")
    assert set(scripted.names()) <= {"get_alias"}


async def test_instances_that_failed_to_warm_are_tried_again_and_others_are_left_alone() -> None:
    for status, tried in (("FAILED", 1), ("READY", 0), ("IN_PROGRESS", 0)):
        scripted = ScriptedAws(
            get_alias=ALIAS, get_provisioned_concurrency_config=warm(status), put_provisioned_concurrency_config={}
        )
        await aliases(scripted).resize("green", 2, "key")
        assert scripted.names().count("put_provisioned_concurrency_config") == tried
