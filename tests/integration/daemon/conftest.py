"""Programs, an account and a bridge for one test of the whole daemon."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.aws.session import Aws, AwsClients
from tests.integration.daemon.bridge import Bridge
from tests.integration.daemon.world import Account, Programs, Sender, make_account


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    started = Programs(tmp_path)
    yield started
    await started.end()


@pytest.fixture
async def account(aws_clients: AwsClients, ministack_url: str, unique: str) -> Account:
    return await make_account(aws_clients, ministack_url, unique, {"blue": 50, "green": 50})


@pytest.fixture
def sender(sqs: Aws) -> Sender:
    return Sender(sqs)


@pytest.fixture
async def bridge(ministack_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bridge]:
    # What it holds up when the test ends is nobody's any more.
    monkeypatch.setattr("daemon.server.GRACEFUL_SECONDS", 0)
    opened = Bridge(ministack_url)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(opened.run(), name="bridge")
        yield opened
        running.cancel()
