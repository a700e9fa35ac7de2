"""Every kind of component, one after the other, for the one contract."""

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from tests.contract.scaling.worlds import (
    World,
    ecs_world,
    lambda_world,
    processes_world,
    simulated_ecs_world,
    table_world,
    targets_world,
)

_NUMBERS = itertools.count(1)
KINDS = (
    "processes",
    "ecs-simulated",
    "ecs-ministack",
    "ecs-followed-ministack",
    "lambda-reserved-ministack",
    "lambda-provisioned-ministack",
    "table-ministack",
    "targets",
)


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """One component with two units."""
    async with _made(str(request.param), request) as made:
        yield made


def _made(name: str, request: pytest.FixtureRequest) -> AbstractAsyncContextManager[World]:
    simple = {"processes": processes_world, "ecs-simulated": simulated_ecs_world, "targets": targets_world}
    if name in simple:
        return simple[name]()
    url, unique = str(request.getfixturevalue("emulated_ministack_url")), f"{os.getpid()}-{next(_NUMBERS)}"
    match name:
        case "ecs-ministack":
            return ecs_world(url, unique)
        case "ecs-followed-ministack":
            return ecs_world(url, unique, managed=True)
        case "lambda-reserved-ministack":
            return lambda_world(url, unique, provisioned=False)
        case "lambda-provisioned-ministack":
            return lambda_world(url, unique, provisioned=True)
        case _:
            return table_world(url, unique)
