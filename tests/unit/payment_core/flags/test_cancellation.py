"""A task that is stopped at the moment in which the broker answers stops, and does not go on for ever."""

import asyncio
import math
from typing import cast

import aiomqtt
import pytest

from daemon.flags.broker import FlagSession
from payment_core.flags.arriving.mqtt import MqttSession

WAIT_SECONDS = 5


class Acknowledged:
    """A client whose broker acknowledges when the test says so, waited for as aiomqtt waits."""

    def __init__(self) -> None:
        self.acknowledged = asyncio.Event()

    async def publish(self, *_arguments: object, timeout: float = WAIT_SECONDS, **_options: object) -> None:  # noqa: ASYNC109 - as there
        await asyncio.wait_for(self.acknowledged.wait(), None if timeout == math.inf else timeout)


@pytest.mark.parametrize("side", ["core", "daemon"])
@pytest.mark.parametrize("turns", range(4))
async def test_a_stop_that_comes_with_an_acknowledgement_is_not_lost(side: str, turns: int) -> None:
    fake = Acknowledged()
    client = cast("aiomqtt.Client", fake)
    publishing = MqttSession(client).publish("t", b"") if side == "core" else FlagSession(client).publish(b"")

    async def publish_and_go_on() -> None:
        await publishing
        await asyncio.Event().wait()

    async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(publish_and_go_on(), name="publishing")
        for _ in range(3):
            await asyncio.sleep(0)
        fake.acknowledged.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
