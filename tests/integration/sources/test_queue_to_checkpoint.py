"""Messages of a real queue end in the checkpoint, each fact once, whatever is thrown in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from checks.facts import Fact
from daemon.aws.session import Aws, AwsClients
from daemon.aws.sqs import SqsQueue
from daemon.clock import SystemClock
from daemon.sources.sqs import SqsSource
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.quarantine import Quarantine
from tests.integration.queues import send

NOW_MS = 1_795_459_572_000
EVENTS = Path(__file__).parents[2] / "data" / "events"


def packed(*numbers: int) -> str:
    events = [
        {
            "kind": "payment.attempted",
            "id": f"evt_{number}",
            "at_ms": NOW_MS,
            "subject": f"pay_{number}",
            "sequence": number,
            "rail": "card",
            "outcome": "succeeded",
            "amount_cents": 100,
        }
        for number in numbers
    ]
    return msgspec.json.encode({"schema": "tillwatch.events.v1", "events": events}).decode()


class Recorder:
    """Records into the checkpoint; fails as often as it was told to, after recording."""

    def __init__(self, checkpoint: Checkpoint, failures: int = 0) -> None:
        self.checkpoint = checkpoint
        self.failures = failures
        self.new: list[Fact] = []

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Record; what is new is kept."""
        self.new += (await self.checkpoint.record(facts, source, NOW_MS)).facts
        if self.failures > 0:
            self.failures -= 1
            raise OSError("the process died here")


@pytest.fixture
async def checkpoint(tmp_path: Path) -> AsyncIterator[Checkpoint]:
    opened = await Checkpoint.open(tmp_path / "checkpoint.db", 3_600_000)
    await opened.restore(NOW_MS)
    yield opened
    await opened.close()


@pytest.fixture
async def quarantine(tmp_path: Path) -> AsyncIterator[Quarantine]:
    opened = await Quarantine.open(tmp_path / "quarantine.db")
    yield opened
    await opened.close()


class WatchedQueue(SqsQueue):
    """A queue that tells when messages were deleted."""

    def __init__(self, aws: Aws, name: str) -> None:
        super().__init__(aws, name)
        self.deleted = asyncio.Event()

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """Delete, then tell."""
        left = await super().delete(receipts)
        self.deleted.set()
        return left


class NotingClock(SystemClock):
    """The real clock; it tells when somebody begins to wait."""

    def __init__(self) -> None:
        self.slept = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Tell, then wait."""
        self.slept.set()
        await super().sleep(seconds)


async def is_drained(queue: SqsQueue) -> bool:
    return await queue.depth() == (0, 0)


async def received(source: SqsSource, count: int) -> None:
    """Receive until so many messages were taken over."""
    while count > 0:
        count -= await source.receive_once(1)


async def test_poison_a_message_of_1_mb_and_a_truncated_one_are_put_aside_and_the_rest_flows(
    sqs: Aws, queue_name: str, checkpoint: Checkpoint, quarantine: Quarantine
) -> None:
    queue = SqsQueue(sqs, queue_name)
    huge = '{"x":"' + "y" * 999_992 + '"}'
    for body in (packed(1, 2), "not json", huge, packed(3, 4)[:-30], packed(5)):
        await send(sqs, queue.name, body)
    recorder = Recorder(checkpoint)
    source = SqsSource(queue, recorder, quarantine, SystemClock(), name="payments", receivers=2)
    await received(source, 5)
    assert sorted(fact.id for fact in recorder.new) == ["evt_1", "evt_2", "evt_5"]
    entries = await quarantine.entries()
    assert sorted(entry.size_bytes for entry in entries) == sorted([8, len(huge), len(packed(3, 4)) - 30])
    assert {entry.source for entry in entries} == {"payments"}
    assert await is_drained(queue)


async def test_an_event_in_several_messages_is_counted_once(
    sqs: Aws, queue_name: str, checkpoint: Checkpoint, quarantine: Quarantine
) -> None:
    queue = SqsQueue(sqs, queue_name)
    for body in (packed(1, 2), packed(2, 3), packed(1, 2, 3)):
        await send(sqs, queue.name, body)
    recorder = Recorder(checkpoint)
    source = SqsSource(queue, recorder, quarantine, SystemClock(), name="payments", receivers=1)
    await received(source, 3)
    assert sorted(fact.id for fact in recorder.new) == ["evt_1", "evt_2", "evt_3"]
    assert checkpoint.totals().duplicates == 4
    assert checkpoint.received("us-east-1").watermark == 3


async def test_facts_recorded_but_not_acknowledged_come_again_and_are_not_counted_again(
    sqs: Aws, queue_name: str, checkpoint: Checkpoint, quarantine: Quarantine
) -> None:
    queue = WatchedQueue(sqs, queue_name)
    await send(sqs, queue.name, packed(1, 2))
    recorder = Recorder(checkpoint, failures=1)
    source = SqsSource(queue, recorder, quarantine, SystemClock(), name="payments", receivers=2)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(source.run(), name="source")
        await queue.deleted.wait()
        running.cancel()
    assert [fact.id for fact in recorder.new] == ["evt_1", "evt_2"]
    assert checkpoint.totals().by_source["payments"].duplicates == 2
    assert await is_drained(queue)


async def test_a_queue_that_comes_late_is_found(
    sqs: Aws, unique: str, checkpoint: Checkpoint, quarantine: Quarantine
) -> None:
    queue, clock = WatchedQueue(sqs, f"late-{unique}"), NotingClock()
    recorder = Recorder(checkpoint)
    source = SqsSource(queue, recorder, quarantine, clock, name="payments", receivers=1)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(source.run(), name="source")
        await clock.slept.wait()
        assert not source.heard_at_ms
        await sqs.call("create_queue", QueueName=f"late-{unique}")
        await send(sqs, queue.name, packed(1))
        await queue.deleted.wait()
        running.cancel()
    assert [fact.id for fact in recorder.new] == ["evt_1"]


async def test_an_event_travels_from_eventbridge_by_a_rule_to_a_fact(
    aws_clients: AwsClients, sqs: Aws, queue_name: str, checkpoint: Checkpoint, quarantine: Quarantine
) -> None:
    queue = SqsQueue(sqs, queue_name)
    url = (await sqs.call("get_queue_url", QueueName=queue_name))["QueueUrl"]
    asked = await sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
    detail = msgspec.json.decode((EVENTS / "tillwatch_deployment.json").read_bytes())["detail"]
    async with aws_clients.client("events") as events:
        await events.call("put_rule", Name=queue_name, EventPattern='{"source":["tillwatch.deploy"]}')
        await events.call(
            "put_targets", Rule=queue_name, Targets=[{"Id": "queue", "Arn": asked["Attributes"]["QueueArn"]}]
        )
        entry = {
            "Source": "tillwatch.deploy",
            "DetailType": "Tillwatch Deployment State Change",
            "Detail": msgspec.json.encode(detail).decode(),
        }
        await events.call("put_events", Entries=[entry])
    recorder = Recorder(checkpoint)
    source = SqsSource(queue, recorder, quarantine, SystemClock(), name="control", receivers=1)
    await received(source, 1)
    (fact,) = recorder.new
    assert (fact.subject, fact.environment, fact.at_ms) == ("dep-2.0.0-1", "green", 1795459572345)
