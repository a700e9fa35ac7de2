"""Real processes of the payment core, and the API in this process."""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from payment_core.assembly.core import running_core
from payment_core.keys.admin import ensure_admin_key
from payment_core.options import CoreOptions
from tests.forked import Forked


def bearer(key_file: Path) -> dict[str, str]:
    """The header of the admin key in this file."""
    return {"Authorization": f"Bearer {ensure_admin_key(key_file)}"}


class CoreProcess:
    """A payment core that was started for one test. headers: what its admin sends."""

    def __init__(self, process: Forked, key_file: Path) -> None:
        self.process = process
        line = "" if process.stdout is None else process.stdout.readline()
        self.url: str = json.loads(line)["listening"]
        self.headers = bearer(key_file)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()


StartCore = Callable[..., CoreProcess]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file that the processes of one test share."""
    return tmp_path / "payments.db"


@pytest.fixture
def start_core(database: Path) -> Iterator[StartCore]:
    """Start a core on the test's database; every one is ended with the test."""
    with ExitStack() as stack:

        def start(*flags: str) -> CoreProcess:
            command = ["payment_core", "--database", str(database), "--rail-latency-ms", "0", *flags]
            environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
            process = stack.enter_context(Forked(command, environment=environment))
            return CoreProcess(process, CoreOptions(database=database).admin_key_file)

        yield start


@pytest.fixture
async def api(database: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The application without a socket."""
    deaths: list[str] = []
    options = CoreOptions(
        database=database,
        rail_latency_ms=0,
        rail_timeout_seconds=0.5,
        recovery_margin_seconds=0.5,
        environment="green",
    )
    async with running_core(options, deaths.append) as (_, app):
        transport = httpx.ASGITransport(app=app)
        headers = bearer(options.admin_key_file)
        async with httpx.AsyncClient(transport=transport, base_url="http://core", headers=headers) as client:
            yield client
    assert deaths == []
