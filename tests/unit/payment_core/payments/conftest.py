"""A payment core in memory."""

import pytest

from tests.simulation.payment_world import World, memory_world


@pytest.fixture
def world() -> World:
    return memory_world()
