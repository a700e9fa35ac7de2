"""Every journal implementation, one after the other, for the one contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from remediation.journal.memory import MemoryJournal
from remediation.journal.sqlite import SqliteJournal


@pytest.fixture(params=["memory", "sqlite"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MemoryJournal | SqliteJournal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    opened = await SqliteJournal.open(tmp_path / "journal.db")
    yield opened
    await opened.close()
