"""A migration over every kind of store, one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.migration.worlds import World, migration_world


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(params=["memory", "sqlite", "ministack"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    # Not moto: it takes a tenth of a second for each transaction, and says nothing that ministack does not.
    name = str(request.param)
    url = request.getfixturevalue("emulated_ministack_url") if name == "ministack" else ""
    async with migration_world(name, tmp_path, url) as made:
        yield made


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[World]:
    """A store in memory, for what is the same over every store."""
    async with migration_world("memory", tmp_path) as made:
        yield made
