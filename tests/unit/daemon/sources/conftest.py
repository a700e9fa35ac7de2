"""What the tests of the sources share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.sources.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def quarantine(tmp_path: Path) -> AsyncIterator[Quarantine]:
    opened = await Quarantine.open(tmp_path / "quarantine.db")
    yield opened
    await opened.close()
