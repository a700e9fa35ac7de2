"""Every kind of environment, one after the other, for the one contract."""

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from tests.contract.environments.worlds import (
    World,
    ecs_world,
    lambda_world,
    processes_world,
    simulated_ecs_world,
    stack_world,
)

_NUMBERS = itertools.count(1)

NO_TASK_FAILS = "every task of ministack starts, so no deployment fails"
LIES = {
    "ecs-ministack": dict.fromkeys(
        (
            "test_a_failed_deployment_tells_why",
            "test_a_failed_deployment_is_not_tried_again_under_its_key",
            "test_after_a_failed_deployment_another_version_is_deployed",
            "test_after_a_failed_deployment_the_version_that_is_there_is_deployed_and_resized",
        ),
        NO_TASK_FAILS,
    ),
}
"""What an emulator is known to get wrong.

moto is not here: its services run no task and begin no deployment when they are updated, its Lambda answers 404 to
every look at warm instances, and its change sets list no changes and complete what cannot be done.
"""


@pytest.fixture(params=["processes", "ecs-simulated", "ecs-ministack", "lambda-ministack", "stack-ministack"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """One region; a test that an emulator is known to fail must fail there."""
    name = str(request.param)
    reason = LIES.get(name, {}).get(request.function.__name__)
    if reason is not None:
        # Strict: an emulator that was mended is noticed.
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError))
    async with _made(name, request) as made:
        yield made


def _made(name: str, request: pytest.FixtureRequest) -> AbstractAsyncContextManager[World]:
    if name == "processes":
        return processes_world()
    if name == "ecs-simulated":
        return simulated_ecs_world()
    url = str(request.getfixturevalue("emulated_ministack_url"))
    making = {"ecs-ministack": ecs_world, "lambda-ministack": lambda_world, "stack-ministack": stack_world}[name]
    return making(url, f"{os.getpid()}-{next(_NUMBERS)}")
