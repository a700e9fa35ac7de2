"""The daemon's publisher on a real broker: retained for who comes later, back after a kill, and told who follows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import msgspec

from config.sources import FlagBrokerSettings
from daemon.flags.broker import open_flag_broker
from daemon.flags.publisher import FlagPublisher
from payment_core.flags.envelope import DOCUMENT_TOPIC, REPORT_TOPICS, Envelope, checkers_of, open_envelope
from remediation.flags.model import FlagChange
from tests.integration.core_process.core_world import until
from tests.integration.mqtt.conftest import Mosquitto
from tests.unit.daemon.flags.flag_house import SIGNER, FlagHouse, flag_house, report

WAIT_SECONDS = 30


@asynccontextmanager
async def publishing(broker: Mosquitto, house: FlagHouse) -> AsyncIterator[FlagPublisher]:
    """The publisher of the house, on this broker."""
    settings = FlagBrokerSettings(host="127.0.0.1", port=broker.port, tls=False)
    publisher = FlagPublisher(
        lambda: house.writer.state.flags, SIGNER, await open_flag_broker(settings), house.parts.followers, house.clock
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(publisher.run(), name="publisher")
        yield publisher
        task.cancel()


async def retained(broker: Mosquitto) -> Envelope:
    """What somebody who comes now is given."""
    async with asyncio.timeout(WAIT_SECONDS), aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(DOCUMENT_TOPIC, qos=1)
        message = await anext(client.messages)
    return open_envelope(bytes(message.payload), checkers_of([SIGNER.public_key]))


async def sent(publisher: FlagPublisher, house: FlagHouse) -> None:
    await until(lambda: publisher.status.version == house.version, "it is published", seconds=WAIT_SECONDS)


async def test_the_newest_version_is_retained_also_one_that_came_while_the_broker_was_dead(broker: Mosquitto) -> None:
    house = await flag_house()
    async with publishing(broker, house) as publisher:
        await sent(publisher, house)
        assert (await retained(broker)).version == house.version
        await house.done(FlagChange.KILL)
        publisher.publish()
        await sent(publisher, house)
        assert (await retained(broker)).version == house.version
        broker.kill()
        await until(lambda: not publisher.status.connected, "the gap is seen", seconds=WAIT_SECONDS)
        await house.done(FlagChange.REVIVE)
        await asyncio.to_thread(broker.start)
        await sent(publisher, house)
        assert (await retained(broker)).version == house.version


async def test_processes_that_report_are_heard_and_the_one_that_lags_is_named(broker: Mosquitto) -> None:
    house = await flag_house()
    async with publishing(broker, house) as publisher:
        await sent(publisher, house)
        async with aiomqtt.Client("127.0.0.1", broker.port) as cores:
            for name, version in (("core-1", house.version), ("core-2", 0)):
                body = msgspec.json.encode(report(name, version))
                await cores.publish(f"{REPORT_TOPICS}{name}", body, qos=1)
        heard = house.parts.followers
        await until(lambda: len(heard.rows(0, house.now_ms)) == 2, "both are heard", seconds=WAIT_SECONDS)
    found = heard.propagation(house.version, house.version, house.now_ms)
    assert (found.serving, found.lagging) == (("core-1",), ("core-2 (0)",))
