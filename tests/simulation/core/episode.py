"""One episode of the whole payment core from a seed: the same seed on the same kind of store does the same again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from payment_core.registry import core_registry
from tests.simulation.chance import repeatable
from tests.simulation.core.driver import Driver
from tests.simulation.core.world import CoreWorld
from tests.simulation.payment_world import HandClock
from tests.simulation.stores import OpenStore

OPERATIONS = 150
"""Of one episode: enough for a payout to be returned, few enough for each check to be quick."""


@contextmanager
def watched(world: CoreWorld) -> Iterator[None]:
    """What the product logs goes to the world's watch alone."""
    before = structlog.get_config()
    structlog.configure(processors=[world.logs], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


@asynccontextmanager
async def opened(open_store: OpenStore, seed: int, *, incremental: bool = True) -> AsyncIterator[Driver]:
    """A driver over a new store, with everything at random from the seed."""
    clock = HandClock()
    with repeatable(seed) as chance:
        async with open_store(core_registry(), clock) as store:
            world = CoreWorld(store, clock)
            with watched(world):
                yield Driver(world, chance, incremental=incremental)


async def episode(
    open_store: OpenStore, seed: int, operations: int = OPERATIONS, *, incremental: bool = True
) -> Driver:
    """So many acts, and the end. Raises BrokenInvariants."""
    async with opened(open_store, seed, incremental=incremental) as driver:
        await driver.begin()
        for _ in range(operations):
            await driver.step()
        await driver.end()
        return driver
