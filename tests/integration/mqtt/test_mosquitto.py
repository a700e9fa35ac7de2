"""Devices on a real broker: nothing is lost when the daemon, the disk or the broker fails, and nothing counts twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from checks.facts import Fact
from config.sources import MqttSettings, TopicFilter
from daemon.clock import SystemClock
from daemon.errors import BrokerGone, CheckpointFailed
from daemon.sources.devices import DeviceSource
from daemon.sources.mqtt import open_broker
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.quarantine import Quarantine
from tests.integration.core_process.core_world import until
from tests.integration.mqtt.conftest import Mosquitto

NOW_MS = 1_795_459_572_000
WAIT_SECONDS = 60
STALLED_SECONDS = 10
"""Longer than 600 messages take on a busy machine."""
STALLS_MAX = 5


class Clock(SystemClock):
    """A wall clock that stands, and pauses that are short."""

    def now_ms(self) -> int:
        return NOW_MS

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.05))


class Sink:
    """Counts each fact once, as the checkpoint does; says when enough have come. faults: raised by the next calls."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.deliveries = 0
        self.faults: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()
        self._changed = asyncio.Condition()

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        assert source == "mqtt"
        await self.open.wait()
        if self.faults:
            raise self.faults.pop(0)
        async with self._changed:
            self.ids.update(fact.id for fact in facts)
            self.deliveries += len(facts)
            self._changed.notify_all()

    async def until(self, enough: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(enough)


def settings(port: int, **more: object) -> MqttSettings:
    topics = (TopicFilter(filter="terminals/+/events", kinds=("payment.attempted", "heartbeat")),)
    return MqttSettings(host="127.0.0.1", port=port, tls=False, topics=topics).model_copy(update=more)


def beat(number: int, device: str = "t1") -> bytes:
    fact = {"kind": "heartbeat", "id": f"b{number}", "at_ms": NOW_MS, "subject": device}
    return msgspec.json.encode(fact)


@pytest.fixture
async def quarantine(tmp_path: Path) -> AsyncIterator[Quarantine]:
    opened = await Quarantine.open(tmp_path / "quarantine.db")
    yield opened
    await opened.close()


@asynccontextmanager
async def running(source: DeviceSource) -> AsyncIterator[None]:
    """The source as a task, cancelled at the end."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(source.run(), name="mqtt")
        yield
        task.cancel()


async def source_on(port: int, sink: Sink, quarantine: Quarantine, **more: object) -> DeviceSource:
    chosen = settings(port, **more)
    return DeviceSource(await open_broker(chosen), chosen.topics, sink, quarantine, Clock())


async def publish(port: int, numbers: Sequence[int], device: str = "t1") -> None:
    """Publish until the broker has acknowledged each, as a device that keeps what was not taken does."""
    left = list(numbers)
    while left:
        try:
            # aiomqtt waits its whole time for the acknowledgement of a broker that is gone.
            async with aiomqtt.Client("127.0.0.1", port, timeout=0.5) as client:
                while left:
                    await client.publish(f"terminals/{device}/events", beat(left[0], device), qos=1)
                    left.pop(0)
        except aiomqtt.MqttError:
            await Clock().sleep(0.05)


async def connected(source: DeviceSource) -> None:
    """Wait for the first session, so that the broker knows the subscription."""
    await until(lambda: source.sessions > 0, "a session", seconds=WAIT_SECONDS)


async def test_what_devices_publish_arrives_and_is_acknowledged(broker: Mosquitto, quarantine: Quarantine) -> None:
    sink = Sink()
    source = await source_on(broker.port, sink, quarantine)
    async with running(source):
        await connected(source)
        await publish(broker.port, range(500))
        await sink.until(lambda: len(sink.ids) == 500)
    assert sink.deliveries == 500
    second = await source_on(broker.port, sink, quarantine)
    async with running(second):
        await publish(broker.port, [500])
        await sink.until(lambda: "b500" in sink.ids)
    assert sink.deliveries == 501


async def test_what_was_not_on_disk_comes_again_from_the_broker(broker: Mosquitto, quarantine: Quarantine) -> None:
    sink = Sink()
    source = await source_on(broker.port, sink, quarantine, receive_maximum=10)
    sink.open.clear()
    async with running(source):
        await connected(source)
        await publish(broker.port, range(50))
    assert sink.ids == set()
    sink.open.set()
    async with running(await source_on(broker.port, sink, quarantine, receive_maximum=10)):
        await sink.until(lambda: len(sink.ids) == 50)


async def test_a_disk_that_is_full_for_a_while_costs_nothing(broker: Mosquitto, quarantine: Quarantine) -> None:
    sink = Sink()
    sink.faults = [CheckpointFailed("full")] * 3
    source = await source_on(broker.port, sink, quarantine)
    async with running(source):
        await connected(source)
        await publish(broker.port, range(40))
        await sink.until(lambda: len(sink.ids) == 40)
    assert not sink.faults
    assert source.sessions >= 4


async def test_what_came_while_the_daemon_was_away_is_kept_for_it(broker: Mosquitto, quarantine: Quarantine) -> None:
    sink = Sink()
    source = await source_on(broker.port, sink, quarantine)
    async with running(source):
        await connected(source)
    await publish(broker.port, range(300))
    async with running(await source_on(broker.port, sink, quarantine)):
        await sink.until(lambda: len(sink.ids) == 300)


async def test_a_broker_that_is_stopped_amid_messages_loses_none(broker: Mosquitto, quarantine: Quarantine) -> None:
    sink = Sink()
    source = await source_on(broker.port, sink, quarantine)
    async with running(source):
        await connected(source)
        async with asyncio.TaskGroup() as group:
            group.create_task(publish(broker.port, range(600)), name="device")
            for share in (100, 300):
                await restarted_at(share, sink, broker.stop, broker)
        await arrived(sink, broker, 600)
    assert source.sessions >= 3


async def test_after_a_broker_was_killed_its_session_goes_on(broker: Mosquitto, quarantine: Quarantine) -> None:
    """Killed with -9, mosquitto forgets what it acknowledged and had not written; what devices send again must come."""
    sink = Sink()
    source = await source_on(broker.port, sink, quarantine)
    async with running(source):
        await connected(source)
        async with asyncio.TaskGroup() as group:
            group.create_task(publish(broker.port, range(600)), name="device")
            for share in (100, 300):
                await restarted_at(share, sink, broker.kill, broker)
        await publish(broker.port, range(600))
        await arrived(sink, broker, 600)
    assert source.sessions >= 3


async def arrived(sink: Sink, broker: Mosquitto, count: int) -> None:
    """Wait for so many facts.

    Before 2.0.13 mosquitto may count a session's quota wrong over a restart; then it keeps what it has for the session
    until the next restart, which is what a stall gets here.
    """
    for _ in range(STALLS_MAX):
        try:
            await sink.until(lambda: len(sink.ids) >= count, STALLED_SECONDS)
        except TimeoutError:
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(broker.start)
        else:
            return
    await sink.until(lambda: len(sink.ids) >= count)


async def restarted_at(share: int, sink: Sink, end: Callable[[], None], broker: Mosquitto) -> None:
    """End the broker once so many facts have come, and start it again."""
    await arrived(sink, broker, share)
    await asyncio.to_thread(end)
    await asyncio.to_thread(broker.start)


async def test_a_bad_payload_is_put_aside_and_the_rest_flows(broker: Mosquitto, quarantine: Quarantine) -> None:
    sink = Sink()
    source = await source_on(broker.port, sink, quarantine)
    bad = [b"", b"{", b"\xff\xfe", b"[1]", beat(1, "t9"), b'{"kind":"deployment"}', b"[" * 50_000]
    async with running(source):
        await connected(source)
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            for payload in bad:
                await client.publish("terminals/t1/events", payload, qos=1)
        await publish(broker.port, [7])
        await sink.until(lambda: "b7" in sink.ids)
    assert sink.ids == {"b7"}
    entries = await quarantine.entries()
    assert len(entries) == len(bad)
    assert all("terminals/t1/events" in entry.what for entry in entries)


async def test_a_fact_that_came_twice_counts_once(broker: Mosquitto, quarantine: Quarantine, tmp_path: Path) -> None:
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", 86_400_000)
    kept: list[str] = []
    done = asyncio.Event()

    class Recording:
        async def accept(self, facts: Sequence[Fact], source: str) -> None:
            new = await checkpoint.record(facts, source, NOW_MS)
            kept.extend(fact.id for fact in new.facts)
            if "b3" in kept:
                done.set()

    chosen = settings(broker.port)
    source = DeviceSource(await open_broker(chosen), chosen.topics, Recording(), quarantine, Clock())
    async with running(source):
        await connected(source)
        await publish(broker.port, [1, 2, 1, 2, 2, 3])
        async with asyncio.timeout(WAIT_SECONDS):
            await done.wait()
    await checkpoint.close()
    assert sorted(kept) == ["b1", "b2", "b3"]


async def test_no_broker_is_a_fault_that_says_where(quarantine: Quarantine) -> None:
    source = await source_on(9, Sink(), quarantine)
    with pytest.raises(BrokerGone, match=r"127\.0\.0\.1:9"):
        await source._consume()
