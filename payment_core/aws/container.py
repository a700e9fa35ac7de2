"""One Lambda container: an application that is opened by the first event and answers every later one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from mangum import Mangum
from mangum.types import ASGI, LambdaContext

T = TypeVar("T")

# What API Gateway and load balancers send and take is JSON of their own; mangum knows its shapes.
Event = dict[str, Any]
Context = LambdaContext

TEXT_TYPES = ["application/json", "application/problem+json", "text/"]
"""Bodies that are sent as text; any other would be sent in base64."""


class Container:
    """Answers events of API Gateway (HTTP and REST) and of load balancers.

    open_app: opens everything the application needs; it stays open for the life of the container. Lambda hands a
    container one event at a time, and freezes it in between: background work goes on only while one is answered.
    """

    def __init__(self, open_app: Callable[[], AbstractAsyncContextManager[ASGI]]) -> None:
        self._open_app = open_app
        self._stack = AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answer: Mangum | None = None

    def handle(self, event: Event, context: Context) -> Event:
        """The answer to one event. Raises what opening raises; the next event then tries to open again."""
        _, answering = self._ready()
        answer: Event = answering(event, context)
        return answer

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something else on the same loop, with everything open; raises what opening and the work raise."""
        loop, _ = self._ready()
        return loop.run_until_complete(_awaited(work))

    def close(self) -> None:
        """Close what was opened."""
        if self._loop is not None:
            self._loop.run_until_complete(self._stack.aclose())
            self._loop.close()
            asyncio.set_event_loop(None)
            self._loop = self._answer = None

    def _ready(self) -> tuple[asyncio.AbstractEventLoop, Mangum]:
        """The one loop that everything runs on, and what answers events; opened when it is not."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.new_event_loop()
        # mangum runs each event on the loop that is set here.
        asyncio.set_event_loop(loop)
        if self._answer is None:
            app = loop.run_until_complete(self._stack.enter_async_context(self._open_app()))
            self._answer = Mangum(app, lifespan="off", text_mime_types=TEXT_TYPES)
        return loop, self._answer


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
