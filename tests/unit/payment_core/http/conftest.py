"""One application for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.payment_core.http.api_world import World, own_routes


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """The application with the test's own routes."""
    made = World(own_routes())
    async with made.http:
        yield made
