"""A task that is stopped at the moment in which the broker answers stops, and does not go on for ever."""

import asyncio
from typing import cast

import aiomqtt
import pytest

from daemon.flags.broker import FlagSession
from payment_core.flags.arriving.mqtt import MqttSession, pass_on_cancellation


class Acknowledged:
    """A client whose broker acknowledges when the test says so, waited for as aiomqtt waits."""

    def __init__(self) -> None:
        self.acknowledged = asyncio.Event()

    async def publish(self, *_arguments: object, **_options: object) -> None:
        await asyncio.wait_for(self.acknowledged.wait(), 5)


@pytest.mark.parametrize("side", ["core", "daemon"])
async def test_a_stop_that_comes_with_an_acknowledgement_is_not_lost(side: str) -> None:
    fake = Acknowledged()
    client = cast("aiomqtt.Client", fake)
    publishing = MqttSession(client).publish("t", b"") if side == "core" else FlagSession(client).publish(b"")

    async def publish_and_go_on() -> None:
        await publishing
        pytest.fail("it went on although it was stopped")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(publish_and_go_on(), name="publishing")
        for _ in range(3):
            await asyncio.sleep(0)
        fake.acknowledged.set()
        for _ in range(2):
            await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()


async def test_who_was_not_stopped_goes_on() -> None:
    pass_on_cancellation()
