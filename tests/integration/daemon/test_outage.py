"""The AWS stand-in dies and comes back: the daemon stays, and nothing is lost."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from config.settings import AwsSettings
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.embedded.processes import ministack
from daemon.embedded.processes.ports import free_port
from daemon.embedded.processes.process import Child, Launcher
from daemon.embedded.processes.readiness import until_ready
from daemon.embedded.processes.surroundings import ACCESS_KEY, local_environment
from tests.integration.daemon.test_messages import acknowledged
from tests.integration.daemon.world import (
    EVENTS_OF_A_PAYMENT,
    Programs,
    Sender,
    ask,
    attempt,
    configure,
    counted,
    make_account,
    packed,
    pay,
    until,
)


@dataclass
class StandIn:
    """An AWS stand-in on one port for life, which forgets everything when it is killed."""

    directory: Path
    port: int
    child: Child | None = None

    async def start(self) -> None:
        """Start it, and return when it answers."""
        state = self.directory / "stand-in"
        (state / "ministack" / "s3").mkdir(parents=True, exist_ok=True)
        child = await Launcher().start(ministack.program(self.port, state, state, local_environment(os.environ)))
        self.child = child
        async with httpx.AsyncClient(trust_env=False) as client:
            await until_ready(child, lambda: ministack.is_healthy(client, self.port), SystemClock())

    async def kill(self) -> None:
        """End it as a crash would."""
        if self.child is not None:
            await self.child.kill()


@pytest.fixture
async def stand_in(tmp_path: Path) -> AsyncIterator[StandIn]:
    one = StandIn(tmp_path, free_port("127.0.0.1"))
    await one.start()
    yield one
    await one.kill()


async def test_the_daemon_outlives_its_aws_and_loses_nothing(
    tmp_path: Path, programs: Programs, stand_in: StandIn, unique: str
) -> None:
    url = ministack.endpoint_url(stand_in.port)
    clients = AwsClients(AwsSettings(endpoint_url=url), ACCESS_KEY, ACCESS_KEY)
    account = await make_account(clients, url, unique, {"blue": 100, "green": 0})
    core = await programs.core(tmp_path / "payments.db", account, "--environment", "blue")
    daemon = await programs.ready_daemon(configure(tmp_path, account, cores={"blue": core.url}))
    await pay(core, [f"before-{number}" for number in range(20)])
    await until(lambda: counted(tmp_path).consumed >= 20 * EVENTS_OF_A_PAYMENT, "events flow")

    await stand_in.kill()
    await pay(core, [f"during-{number}" for number in range(20)])
    await until(lambda: "receive_failed" in daemon.said(), "the daemon notices")
    assert [(await ask(daemon, path)).status_code for path in ("/livez", "/readyz")] == [200, 200]

    await stand_in.start()
    await make_account(clients, url, unique, {"blue": 100, "green": 0})
    before = acknowledged(tmp_path, "payment-events")
    await pay(core, [f"after-{number}" for number in range(20)])
    async with clients.client("sqs") as sqs:
        await Sender(sqs).send(account.payment_queue, packed(attempt(1)))
    await until(lambda: acknowledged(tmp_path, "payment-events") > before, "the queue is heard again")
    await until(
        lambda: counted(tmp_path).consumed >= 60 * EVENTS_OF_A_PAYMENT, "everything came, by the queue or by the outbox"
    )
    # The core tells of itself too, at any moment.
    await until(lambda: counted(tmp_path).lost == 0, "what the core told by itself came too")
    assert daemon.process.poll() is None
    assert await daemon.stop() == 0
