"""Messages of devices are acknowledged once they are on disk, and whatever fails ends the connection and no more."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import msgspec

from config.sources import TopicFilter
from daemon.errors import BrokerGone, CheckpointFailed
from daemon.sources.devices import FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, Delivery, DeviceSource
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.sources.fakes import NOW_MS, FakeClock, FakeSink

TOPICS = (TopicFilter(filter="t/+", kinds=("heartbeat",)),)


def delivery(number: int, payload: bytes | None = None, qos: int = 1) -> Delivery:
    fact = {"kind": "heartbeat", "id": f"b{number}", "at_ms": NOW_MS, "subject": "d"}
    body = msgspec.json.encode(fact) if payload is None else payload
    return Delivery(topic="t/d", filter="t/+", payload=body, id=number, qos=qos)


class FakeBroker:
    """Gives each session its batches, then ends it; the last one stays. A fault refuses the connection."""

    def __init__(self, *sessions: list[list[Delivery]] | Exception) -> None:
        self.sessions = list(sessions)
        self.acknowledged: list[int] = []
        self.drained = asyncio.Event()
        self.left = 0

    @asynccontextmanager
    async def session(self) -> AsyncIterator["FakeSession"]:
        script = self.sessions.pop(0)
        if isinstance(script, Exception):
            raise script
        try:
            yield FakeSession(self, script)
        finally:
            self.left += 1


class FakeSession:
    """One connection of the script."""

    def __init__(self, broker: FakeBroker, batches: list[list[Delivery]]) -> None:
        self.broker = broker
        self.batches = batches

    async def deliveries(self) -> AsyncIterator[Sequence[Delivery]]:
        for batch in self.batches:
            yield batch
        if not self.broker.sessions:
            self.broker.drained.set()
            await asyncio.Event().wait()
        raise BrokerGone("it went")

    def acknowledge(self, delivery: Delivery) -> None:
        self.broker.acknowledged.append(delivery.id)


async def played(broker: FakeBroker, sink: FakeSink, quarantine: Quarantine, clock: FakeClock) -> DeviceSource:
    source = DeviceSource(broker, TOPICS, sink, quarantine, clock, random=Random(5))  # noqa: S311  # jitter is no secret
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(source.run(), name="mqtt")
        await broker.drained.wait()
        task.cancel()
    return source


async def test_what_came_together_is_written_together_and_then_acknowledged(
    quarantine: Quarantine, clock: FakeClock
) -> None:
    broker, sink = FakeBroker([[delivery(1), delivery(2)], [delivery(3)]]), FakeSink()
    await played(broker, sink, quarantine, clock)
    assert [len(facts) for facts, _ in sink.calls] == [2, 1]
    assert broker.acknowledged == [1, 2, 3]
    assert broker.left == 1


async def test_nothing_is_acknowledged_that_was_not_written(quarantine: Quarantine, clock: FakeClock) -> None:
    broker = FakeBroker([[delivery(1)], [delivery(2)]], [[delivery(1)], [delivery(2)]])
    sink = FakeSink(CheckpointFailed("full"))
    source = await played(broker, sink, quarantine, clock)
    assert sink.ids == ["b1", "b2"]
    assert broker.acknowledged == [1, 2]
    assert (source.sessions, len(clock.slept)) == (2, 1)


async def test_a_bad_message_is_acknowledged_once_it_is_in_quarantine(quarantine: Quarantine, clock: FakeClock) -> None:
    broker, sink = FakeBroker([[delivery(1, b"{"), delivery(2)]]), FakeSink()
    await played(broker, sink, quarantine, clock)
    assert broker.acknowledged == [1, 2]
    assert sink.ids == ["b2"]
    (entry,) = await quarantine.entries()
    assert entry.source == "mqtt"


async def test_a_bad_message_that_cannot_be_put_aside_stays(quarantine: Quarantine, clock: FakeClock) -> None:
    await quarantine._file.run(lambda: quarantine._file.database.execute("DROP TABLE quarantined"))
    broker = FakeBroker([[delivery(1, b"{")]], [])
    await played(broker, FakeSink(), quarantine, clock)
    assert broker.acknowledged == []


async def test_a_broker_that_is_away_is_asked_with_jitter_ever_more_slowly(
    quarantine: Quarantine, clock: FakeClock
) -> None:
    broker = FakeBroker(*[BrokerGone("no route")] * 30, [])
    await played(broker, FakeSink(), quarantine, clock)
    assert len(clock.slept) == 30
    assert all(FIRST_BACKOFF_SECONDS / 2 <= slept <= LONGEST_BACKOFF_SECONDS for slept in clock.slept)
    assert len(set(clock.slept)) > 25


async def test_it_is_heard_while_it_is_connected(quarantine: Quarantine, clock: FakeClock) -> None:
    source = DeviceSource(FakeBroker([]), TOPICS, FakeSink(), quarantine, clock)
    assert source.heard_at_ms == 0
    broker = FakeBroker([])
    source = await played(broker, FakeSink(), quarantine, clock)
    clock.now += 60_000
    assert source.heard_at_ms == NOW_MS
