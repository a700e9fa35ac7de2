"""The MQTT client that all of ours are: aiomqtt's, which a stop ends at any moment and which leaves nothing open."""

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

import aiomqtt

Answer = TypeVar("Answer")


class MqttClient(aiomqtt.Client):
    """Waits with a limit of its own: before Python 3.12 ``wait_for`` loses a stop that comes with the answer."""

    async def _wait_for(self, fut: Awaitable[Answer], timeout: float | None) -> Answer:  # noqa: ASYNC109  # as there
        seconds = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError(f"no answer within {seconds:g} s") from None

    def let_go(self) -> None:
        """Close what aiomqtt leaves open, and ask for what nobody asked: once it is done with, also after a failure.

        A broker that takes the connection and never answers would cost a socket and a task at every try.
        """
        self._client._sock_close()  # noqa: SLF001  # aiomqtt has no way to do so
        for end in (self._connected, self._disconnected):
            if end.done() and not end.cancelled():
                end.exception()
