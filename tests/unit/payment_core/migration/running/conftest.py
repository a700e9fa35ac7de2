"""One world for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.payment_core.migration.running.both_world import BothWorld, both_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BothWorld]:
    """The core beside the old processor, nothing moved yet."""
    async with both_world(tmp_path) as made:
        yield made
