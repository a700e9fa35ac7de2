"""The embedded account is made once; a second start keeps its weights and its messages."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from config.settings import AwsSettings, QueueSettings
from daemon.aws.eventbridge import EventBus
from daemon.aws.session import AwsClients
from daemon.aws.sqs import SqsQueue
from daemon.clock import SystemClock
from daemon.embedded.environments.cores import ADDRESSES
from daemon.embedded.layout import Layout
from daemon.embedded.processes import ministack
from daemon.embedded.processes.ports import free_port
from daemon.embedded.processes.process import Launcher
from daemon.embedded.processes.readiness import until_ready
from daemon.embedded.processes.surroundings import ACCESS_KEY, ACCOUNT_ID, local_environment
from daemon.embedded.resources import ensure_resources
from daemon.traffic.route53 import Route53Traffic
from tests.integration.queues import send

NAME = "payments.tillwatch.test."


@pytest.fixture
async def clients(tmp_path: Path) -> AsyncIterator[AwsClients]:
    layout = Layout(tmp_path)
    layout.make()
    port = free_port(ministack.HOST)
    child = await Launcher().start(ministack.program(port, tmp_path, layout.logs, local_environment(os.environ)))
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await until_ready(child, lambda: ministack.is_healthy(client, port), SystemClock())
        yield AwsClients(AwsSettings(endpoint_url=ministack.endpoint_url(port)), ACCESS_KEY, ACCESS_KEY)
    finally:
        await child.kill()


async def test_a_second_start_keeps_the_weights_and_the_messages(clients: AwsClients) -> None:
    queues = QueueSettings()
    first = await ensure_resources(clients, queues, NAME)
    assert first.records_are_new
    async with clients.client("route53") as route53, clients.client("sqs") as sqs:
        traffic = Route53Traffic(route53, first.zone_id, NAME)
        queue = SqsQueue(sqs, queues.payment_events)
        assert await traffic.read() == {"blue": 100, "green": 0}
        await traffic.write({"blue": 75, "green": 25}, "test")
        await send(sqs, queue.name, "kept")
        second = await ensure_resources(clients, queues, NAME)
        assert not second.records_are_new
        assert second.zone_id == first.zone_id
        assert await traffic.read() == {"blue": 75, "green": 25}
        assert {name: record.addresses for name, record in (await traffic.addresses()).items()} == {
            name: (address,) for name, address in ADDRESSES.items()
        }
        assert [message.body for message in await queue.receive(10, 0)] == ["kept"]


async def test_a_deployment_event_reaches_the_control_queue_as_an_envelope_of_our_account(clients: AwsClients) -> None:
    queues = QueueSettings()
    await ensure_resources(clients, queues, NAME)
    async with clients.client("events") as events, clients.client("sqs") as sqs:
        await EventBus(events).put("tillwatch.deploy", "Tillwatch Deployment State Change", {"deployment_id": "d"})
        await EventBus(events).put("somebody.else", "Unknown", {})
        (message,) = await SqsQueue(sqs, queues.control_events).receive(10, 5)
    envelope = msgspec.json.decode(message.body)
    assert (envelope["source"], envelope["account"]) == ("tillwatch.deploy", ACCOUNT_ID)
    assert envelope["detail"] == {"deployment_id": "d"}


async def test_a_topic_delivers_to_the_control_queue_once_however_often_it_is_ensured(clients: AwsClients) -> None:
    queues = QueueSettings()
    await ensure_resources(clients, queues, NAME)
    await ensure_resources(clients, queues, NAME)
    async with clients.client("sns") as sns, clients.client("sqs") as sqs:
        topics = (await sns.call("list_topics"))["Topics"]
        (budgets,) = [topic["TopicArn"] for topic in topics if topic["TopicArn"].endswith(":till-budgets")]
        await sns.call("publish", TopicArn=budgets, Message="over budget")
        messages = await SqsQueue(sqs, queues.control_events).receive(10, 5)
    assert len(messages) == 1
    assert msgspec.json.decode(messages[0].body)["Message"] == "over budget"
