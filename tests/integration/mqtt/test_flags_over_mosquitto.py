"""Flags over a real broker: retained, told back, and never older after newer while the broker dies and comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiomqtt
import httpx
import msgspec
import pytest

from config.load import DEFAULTS
from config.sources import FlagBrokerSettings
from daemon.errors import BrokerGone
from daemon.flags.broker import open_flag_broker
from payment_core.clock import SystemClock
from payment_core.flags.arriving.listening import Listening
from payment_core.flags.arriving.mqtt import BrokerAddress, MqttBroker
from payment_core.flags.arriving.reporting import Reporting, process_name
from payment_core.flags.envelope import DOCUMENT_TOPIC, REPORT_TOPICS, Report, seal
from payment_core.flags.errors import DocumentOutOfReach
from payment_core.flags.serving import Serving
from payment_core.origin import Origin
from tests.integration.core_process.core_world import CoreWorld, until
from tests.integration.mqtt.conftest import Mosquitto
from tests.unit.payment_core.flags.sealed import NOW_MS, SIGNER, Process, sealed, started

WAIT_SECONDS = 30
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
PROCESSES = 3
FLIPS = 60
KILLED_AFTER = 25


@asynccontextmanager
async def listener(broker: Mosquitto, process: Process) -> AsyncIterator[str]:
    """The process listens to the broker; its name."""
    name = process_name(ORIGIN, 0)
    listening = Listening(
        broker=MqttBroker(BrokerAddress(url=f"mqtt://127.0.0.1:{broker.port}", client_id=name)),
        taking_over=process.taking_over,
        report=Reporting(process.flags, ORIGIN, name).report,
        counts=process.flags.counts,
        pause_seconds_max=0.2,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listening.run(), name=name)
        yield name
        task.cancel()


async def publish(broker: Mosquitto, body: bytes) -> None:
    """Publish until the broker has it, as the daemon's publisher does."""
    while True:
        try:
            async with aiomqtt.Client("127.0.0.1", broker.port, timeout=1.0) as client:
                await client.publish(DOCUMENT_TOPIC, body, qos=1, retain=True)
                return
        except aiomqtt.MqttError:
            await asyncio.sleep(0)


async def served(process: Process, version: int) -> None:
    await until(lambda: process.version == version, f"version {version}", seconds=WAIT_SECONDS)


async def test_who_comes_later_gets_what_is_retained_and_everybody_the_next_change(broker: Mosquitto) -> None:
    await publish(broker, sealed(3))
    first, second = await started(None), await started(None)
    async with listener(broker, first), listener(broker, second):
        await asyncio.gather(served(first, 3), served(second, 3))
        await publish(broker, sealed(4, "off"))
        await asyncio.gather(served(first, 4), served(second, 4))
    assert (first.ignored, second.ignored) == ({}, {})


async def test_a_process_reports_under_its_name_what_it_serves(broker: Mosquitto) -> None:
    process = await started(None)
    async with aiomqtt.Client("127.0.0.1", broker.port) as daemon:
        await daemon.subscribe(f"{REPORT_TOPICS}+", qos=1)
        async with listener(broker, process) as name:
            await publish(broker, sealed(7))
            async with asyncio.timeout(WAIT_SECONDS):
                while (report := await next_report(daemon, name)).version != 7:
                    assert report.source == "embedded"
    assert (report.process, report.source, report.applied_at_ms) == (name, "mqtt", NOW_MS)


async def next_report(daemon: aiomqtt.Client, name: str) -> Report:
    message = await anext(daemon.messages)
    assert str(message.topic) == f"{REPORT_TOPICS}{name}"
    return msgspec.json.decode(bytes(message.payload), type=Report)


async def test_a_forged_document_that_is_retained_changes_nothing_and_the_true_one_follows(broker: Mosquitto) -> None:
    process = await started(None)
    async with listener(broker, process):
        await publish(broker, sealed(9).replace(b'"on":true', b'"on":null'))
        await until(lambda: process.ignored == {"forged": 1}, "the forged one", seconds=WAIT_SECONDS)
        await publish(broker, sealed(8))
        await served(process, 8)


async def test_a_broker_that_is_killed_amid_flips_sets_nobody_back_and_all_end_at_the_last(
    broker: Mosquitto, tmp_path: Path
) -> None:
    folders = [tmp_path / f"process-{number}" for number in range(PROCESSES)]
    processes = [await started(folder) for folder in folders]
    histories: list[list[int]] = [recorded(process) for process in processes]
    async with AsyncExitStack() as stack:
        for process in processes:
            await stack.enter_async_context(listener(broker, process))
        for version in range(1, FLIPS + 1):
            await publish(broker, sealed(version))
            if version == KILLED_AFTER:
                broker.kill()
                await asyncio.to_thread(broker.start)
        await publish(broker, sealed(FLIPS, issued_at_ms=NOW_MS + 1))  # the renewal of each minute
        await asyncio.gather(*(served(process, FLIPS) for process in processes))
    for history in histories:
        assert history == sorted(history)
    restarted = [await started(folder) for folder in folders]
    assert [process.version for process in restarted] == [FLIPS] * PROCESSES


def recorded(process: Process) -> list[int]:
    """Every version that the process serves, in order."""
    history: list[int] = []
    serve = process.flags.serve

    def noting(serving: Serving) -> None:
        history.append(serving.version)
        serve(serving)

    process.flags.serve = noting  # type: ignore[method-assign]  # a look at what passes
    return history


async def test_both_ends_are_told_of_a_broker_that_dies_in_a_way_that_they_expect(broker: Mosquitto) -> None:
    settings = FlagBrokerSettings(host="127.0.0.1", port=broker.port, tls=False)
    daemons = await open_flag_broker(settings)
    cores = MqttBroker(BrokerAddress(url=f"mqtt://127.0.0.1:{broker.port}", client_id="core"))

    async def hear() -> None:
        async with daemons.session() as session:
            connected.release()
            async for _ in session.reports():
                pytest.fail("nobody reports")

    async def follow() -> None:
        async with cores.session() as session:
            connected.release()
            async for _ in session.documents():
                pytest.fail("nothing is published")

    connected = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        ends = [group.create_task(told(hear, BrokerGone)), group.create_task(told(follow, DocumentOutOfReach))]
        for _ in ends:
            await connected.acquire()
        broker.kill()
    assert [end.result() for end in ends] == [True, True]


async def told(work: Callable[[], Awaitable[None]], fault: type[Exception]) -> bool:
    """Whether the work ends with this fault, without a group around it."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await work()
    except fault:
        return True
    return False


async def test_a_kill_outlives_the_process_and_the_broker(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "flags.pub").write_text(SIGNER.public_key.hex())
    flags = ("--flags-trusted-keys", str(tmp_path / "flags.pub"))
    world = CoreWorld(tmp_path, *flags, "--flags-broker", f"mqtt://127.0.0.1:{broker.port}")
    try:
        world.start()
        assert await code(world) == httpx.codes.CREATED
        await publish(broker, payments_killed(5))
        async with asyncio.timeout(WAIT_SECONDS):
            while await code(world) != httpx.codes.SERVICE_UNAVAILABLE:
                pass
        world.kill()
        broker.kill()
        world.start()
        assert await code(world) == httpx.codes.SERVICE_UNAVAILABLE
        shown = (await world.client.get(f"{world.url}/v1/flags")).json()
        assert (shown["report"]["version"], shown["report"]["source"], shown["connected"]) == (5, "disk", False)
    finally:
        await world.close()


def payments_killed(version: int) -> bytes:
    """The packaged document with payments off, sealed now: a process has the machine's clock."""
    document = json.loads((DEFAULTS / "flags.json").read_bytes())
    flag = document["flags"]["payment-processor"]
    flag["defaultVariant"], flag["metadata"]["killed"] = "off", True
    now_ms = SystemClock().now_ms()
    return seal(json.dumps(document).encode(), version=version, issued_at_ms=now_ms, signer=SIGNER)


async def code(world: CoreWorld) -> int:
    """What a payment is answered."""
    body = {
        "amount": {"amount_cents": 1000, "currency": "USD"},
        "payment_method": "tok_visa",
        "customer_id": "cus_1",
        "provider_id": "pro_1",
    }
    return (await world.post("/v1/payments", body)).status_code
