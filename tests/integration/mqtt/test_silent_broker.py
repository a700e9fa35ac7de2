"""A broker that takes connections and never answers costs no more than the one that is being tried."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from config.sources import FlagBrokerSettings, MqttSettings, TopicFilter
from daemon.errors import BrokerGone
from daemon.flags.broker import open_flag_broker
from daemon.sources.mqtt import open_broker
from payment_core.flags.arriving.mqtt import BrokerAddress, MqttBroker
from payment_core.flags.errors import DocumentOutOfReach
from tests.serving import serving

WAIT_SECONDS = 20
PLACES = ("payment_core.flags.arriving.mqtt", "daemon.flags.broker", "daemon.sources.mqtt")
Open = Callable[[], AbstractAsyncContextManager[object]]


async def of_cores(port: int) -> Open:
    return MqttBroker(BrokerAddress(url=f"mqtt://127.0.0.1:{port}", client_id="core")).session


async def of_the_daemon(port: int) -> Open:
    return (await open_flag_broker(FlagBrokerSettings(host="127.0.0.1", port=port, tls=False))).session


async def of_devices(port: int) -> Open:
    topics = (TopicFilter(filter="terminals/+/events", kinds=("heartbeat",)),)
    return (await open_broker(MqttSettings(host="127.0.0.1", port=port, tls=False, topics=topics))).session


@pytest.mark.parametrize("kind", [of_cores, of_the_daemon, of_devices])
async def test_a_broker_that_never_answers_is_let_go_at_each_try(
    kind: Callable[[int], Awaitable[Open]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in PLACES:
        monkeypatch.setattr(f"{place}.CONNECT_SECONDS", 0.1)
    let_go = asyncio.Semaphore(0)

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        let_go.release()

    async with serving(silent) as port:
        tried = await kind(port)
        for _ in range(3):
            with pytest.raises((BrokerGone, DocumentOutOfReach)):
                async with tried():
                    pytest.fail("it answered")
            async with asyncio.timeout(WAIT_SECONDS):
                await let_go.acquire()
