"""Application Auto Scaling, which moto has, undoes no size silently: one beyond its limits is refused beforehand."""

import os
from collections.abc import AsyncIterator

import pytest

from config.settings import AwsSettings
from daemon.aws.session import Aws, AwsClients
from daemon.environments.scaling import require_room
from remediation.errors import WorldRefused

DIMENSION = "ecs:service:DesiredCount"


@pytest.fixture
async def scaling(emulated_moto_url: str) -> AsyncIterator[Aws]:
    async with AwsClients(AwsSettings(endpoint_url=emulated_moto_url), "test", "test").client(
        "application-autoscaling"
    ) as client:
        yield client


@pytest.fixture
async def resource(emulated_moto_url: str) -> AsyncIterator[str]:
    """A service that is kept between 2 and 4 tasks once ``limit`` was called."""
    name = f"limits-{os.getpid()}"
    async with AwsClients(AwsSettings(endpoint_url=emulated_moto_url), "test", "test").client("ecs") as ecs:
        await ecs.call("create_cluster", clusterName=name)
        container = {"name": "core", "image": "till-core", "memory": 128}
        await ecs.call("register_task_definition", family=name, containerDefinitions=[container])
        await ecs.call("create_service", cluster=name, serviceName=name, taskDefinition=name, desiredCount=2)
        yield f"service/{name}/{name}"
        await ecs.call("delete_service", cluster=name, service=name, force=True)


async def _limit(scaling: Aws, resource: str, **more: object) -> None:
    await scaling.call(
        "register_scalable_target",
        ServiceNamespace="ecs",
        ResourceId=resource,
        ScalableDimension=DIMENSION,
        MinCapacity=2,
        MaxCapacity=4,
        **more,
    )


async def _forget(scaling: Aws, resource: str) -> None:
    await scaling.call(
        "deregister_scalable_target", ServiceNamespace="ecs", ResourceId=resource, ScalableDimension=DIMENSION
    )


async def test_without_limits_there_is_room_for_any_size(scaling: Aws, resource: str) -> None:
    await require_room(scaling, "ecs", resource, DIMENSION, 100)


async def test_a_size_beyond_the_limits_is_refused_with_them(scaling: Aws, resource: str) -> None:
    await _limit(scaling, resource)
    for size in (2, 3, 4):
        await require_room(scaling, "ecs", resource, DIMENSION, size)
    for size in (0, 1, 5):
        with pytest.raises(WorldRefused, match=f"between 2 and 4, so it would undo a size of {size}"):
            await require_room(scaling, "ecs", resource, DIMENSION, size)
    await _forget(scaling, resource)


async def test_limits_that_nobody_enforces_refuse_nothing(scaling: Aws, resource: str) -> None:
    parts = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    await _limit(scaling, resource, SuspendedState=dict.fromkeys(parts, True))
    await require_room(scaling, "ecs", resource, DIMENSION, 0)
    await _limit(scaling, resource, SuspendedState={**dict.fromkeys(parts, True), parts[0]: False})
    with pytest.raises(WorldRefused):
        await require_room(scaling, "ecs", resource, DIMENSION, 0)
    await _forget(scaling, resource)
