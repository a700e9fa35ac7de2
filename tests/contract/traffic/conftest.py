"""Every place where traffic can be split, one after the other, for the one contract."""

import importlib.util
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Require
from tests.contract.store.emulators import ministack, moto
from tests.contract.traffic.worlds import (
    World,
    function_world,
    moto_balancer,
    route53_world,
    simulated_balancer,
    simulated_function,
)


@pytest.fixture(scope="session")
def traffic_moto_url(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Iterator[str]:
    """The address of a moto of this suite's own."""
    require("moto", importlib.util.find_spec("moto") is not None)
    with moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def traffic_ministack_url(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Iterator[str]:
    """The address of a ministack of this suite's own."""
    require("ministack", importlib.util.find_spec("ministack") is not None)
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(
    params=[
        "route53-ministack",
        "route53-moto",
        "balancer-simulated",
        "balancer-moto",
        "function-simulated",
        "function-ministack",
        "function-moto",
    ]
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """One of them, with nine payments in ten going to blue."""
    kind, _, place = request.param.partition("-")
    if place == "simulated":
        simulated = {"balancer": simulated_balancer, "function": simulated_function}[kind]
        async with simulated() as world:
            yield world
        return
    url = str(request.getfixturevalue(f"traffic_{place}_url"))
    opened = {"route53": route53_world, "balancer": moto_balancer, "function": function_world}[kind]
    async with opened(url) as world:
        yield world
