"""What stands between an adapter and its world in these tests: counts changes, loses answers, throttles and refuses."""

import asyncio
from collections import Counter
from typing import Any, Protocol

import httpx

from daemon.aws.session import Aws
from daemon.clock import SystemClock
from daemon.errors import AwsFailed

TURN_SECONDS = 0.02
_LOOKS = ("describe_", "get_", "list_")


async def turn() -> None:
    """Let the world go on for a moment."""
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(TURN_SECONDS, event.set)
    await event.wait()


class QuickClock(SystemClock):
    """Looks again after a moment, where production waits half a second."""

    async def sleep(self, seconds: float) -> None:
        del seconds
        await turn()


class Watch(Protocol):
    """changes: what was changed, by name. lose: so many changes take effect and their answers are lost."""

    changes: Counter[str]
    lose: int

    def throttle(self) -> None:
        """Answer everything from now on with: later."""

    def refuse(self) -> None:
        """Answer everything from now on with: no."""


class WatchedAws:
    """Any number of clients of AWS, seen as one world."""

    def __init__(self) -> None:
        self.changes: Counter[str] = Counter()
        self.lose = 0
        self.fault: AwsFailed | None = None

    def throttle(self) -> None:
        self.fault = AwsFailed("ThrottlingException: Rate exceeded", code="ThrottlingException", retryable=True)

    def refuse(self) -> None:
        self.fault = AwsFailed("AccessDeniedException: not you", code="AccessDeniedException", retryable=False)

    def client(self, aws: Aws) -> "WatchedClient":
        """This client, watched."""
        return WatchedClient(self, aws)


class WatchedClient:
    """One of them."""

    def __init__(self, watch: WatchedAws, aws: Aws) -> None:
        self._watch = watch
        self._aws = aws

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        if self._watch.fault is not None:
            raise self._watch.fault
        answer = await self._aws.call(operation, **arguments)
        if not operation.startswith(_LOOKS):
            self._watch.changes[operation] += 1
            if self._watch.lose:
                self._watch.lose -= 1
                lost = "ReadTimeoutError: the answer was lost"
                raise AwsFailed(lost)
        return answer


class WatchedTransport(httpx.AsyncBaseTransport):
    """The same between the daemon and the environment service."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.changes: Counter[str] = Counter()
        self.lose = 0
        self._inner = inner
        self._status = 0

    def throttle(self) -> None:
        self._status = 429

    def refuse(self) -> None:
        self._status = 403

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._status:
            return httpx.Response(self._status, json={"detail": "as asked for"}, request=request)
        response = await self._inner.handle_async_request(request)
        if request.method == "PUT" and self.lose:
            self.lose -= 1
            await response.aclose()
            raise httpx.ReadError("the answer was lost", request=request)  # httpx's own
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
