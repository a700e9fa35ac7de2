"""A task that is stopped at the moment in which the broker answers stops, and does not go on for ever."""

import asyncio

import pytest

from daemon.flags.broker import FlagSession
from payment_core.flags.arriving.mqtt import MqttSession
from payment_core.flags.arriving.mqtt_client import MqttClient

WAIT_SECONDS = 5


class Acknowledged(MqttClient):
    """Its broker acknowledges when the test says so."""

    def __init__(self) -> None:
        super().__init__("nowhere", timeout=WAIT_SECONDS)
        self.acknowledged = asyncio.Event()

    async def publish(self, *_arguments: object, **_options: object) -> None:
        await self._wait_for(self.acknowledged.wait(), None)


@pytest.mark.parametrize("side", ["core", "daemon"])
@pytest.mark.parametrize("turns", range(4))
async def test_a_stop_that_comes_with_an_acknowledgement_is_not_lost(side: str, turns: int) -> None:
    client = Acknowledged()
    publishing = MqttSession(client).publish("t", b"") if side == "core" else FlagSession(client).publish(b"")

    async def publish_and_go_on() -> None:
        await publishing
        await asyncio.Event().wait()

    async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(publish_and_go_on(), name="publishing")
        for _ in range(3):
            await asyncio.sleep(0)
        client.acknowledged.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
