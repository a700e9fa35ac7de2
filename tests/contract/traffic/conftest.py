"""Every place where traffic can be split, one after the other, for the one contract."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.traffic.worlds import (
    World,
    function_world,
    moto_balancer,
    route53_world,
    simulated_balancer,
    simulated_function,
)


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
    url = str(request.getfixturevalue(f"emulated_{place}_url"))
    opened = {"route53": route53_world, "balancer": moto_balancer, "function": function_world}[kind]
    async with opened(url) as world:
        yield world
