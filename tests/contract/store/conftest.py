"""Every store, one after the other, for the one contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.store.store_worlds import StoreWorld, dynamo_world, memory_world, sqlite_world

MOTO = "moto"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(scope="session")
def store_moto_url(emulated_moto_url: str) -> str:
    return emulated_moto_url


@pytest.fixture(scope="session")
def store_ministack_url(emulated_ministack_url: str) -> str:
    return emulated_ministack_url


@pytest.fixture(params=["memory", "sqlite", "ministack", MOTO])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreWorld]:
    name = str(request.param)
    if name == MOTO and request.node.get_closest_marker("usefixtures") is not None:
        marks = {mark for found in request.node.iter_markers("usefixtures") for mark in found.args}
        if "several_calls_in_flight" in marks:
            pytest.skip("moto loses money under concurrency (TransactWriteItems is not atomic between its threads)")
    if name == "memory":
        making = memory_world()
    elif name == "sqlite":
        making = sqlite_world(tmp_path)
    else:
        url = request.getfixturevalue("store_moto_url" if name == MOTO else "store_ministack_url")
        making = dynamo_world(name, url)
    async with making as made:
        yield made


@pytest.fixture
def several_calls_in_flight() -> None:
    """Marks a test that needs a server which can take concurrent calls."""
