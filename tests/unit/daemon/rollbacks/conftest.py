"""The house of each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.daemon.rollbacks.house import House, opened_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """2.0.0 on green has half of the traffic; nothing acts by itself; a complete rollback needs one approval."""
    async with opened_house(tmp_path) as one:
        yield one
