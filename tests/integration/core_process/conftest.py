"""Cores in folders of their own, ended with their test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.core_process.core_world import CoreWorld

MakeWorld = Callable[..., CoreWorld]


@pytest.fixture
async def make_world(tmp_path: Path) -> AsyncIterator[MakeWorld]:
    """Make a core over ``<tmp_path>/<name>``; it is not started yet."""
    async with AsyncExitStack() as stack:

        def make(*flags: str, name: str = "core") -> CoreWorld:
            world = CoreWorld(tmp_path / name, *flags)
            stack.push_async_callback(world.close)
            return world

        yield make
