"""A proxy in front of the AWS stand-in that counts changes of the traffic split and can hold one up."""

import asyncio
from enum import StrEnum

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.server import bind, serve

_CHANGE = "/rrset"
_NOT_PASSED_ON = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


class Hold(StrEnum):
    """Where a change of the traffic split is held up."""

    NOWHERE = "nowhere"
    BEFORE_THE_EFFECT = "before the effect"
    AFTER_THE_EFFECT = "after the effect"


class Bridge:
    """Passes everything on. reached: changes that went on to Route 53. held: set while one is held up."""

    def __init__(self, target: str) -> None:
        self.hold = Hold.NOWHERE
        self.reached = 0
        self.held = asyncio.Event()
        self._client = httpx.AsyncClient(base_url=target, timeout=None, trust_env=False)  # noqa: S113  # long polls
        self._app = Starlette(routes=[Route("/{path:path}", self._passed_on, methods=["GET", "POST"])])
        self._socket = bind("127.0.0.1", 0)
        self.url = "http://{}:{}".format(*self._socket.getsockname())

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await serve(self._app, self._socket)
        finally:
            await self._client.aclose()
            self._socket.close()

    async def _passed_on(self, request: Request) -> Response:
        is_change = request.method == "POST" and _CHANGE in request.url.path
        body = await request.body()
        if is_change and self.hold is Hold.BEFORE_THE_EFFECT:
            await self._hold_up()
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.reached += is_change
        headers = [(name, value) for name, value in request.headers.items() if name != "connection"]
        answer = await self._client.request(request.method, path, headers=headers, content=body)
        if is_change and self.hold is Hold.AFTER_THE_EFFECT:
            await self._hold_up()
        kept = {name: value for name, value in answer.headers.items() if name not in _NOT_PASSED_ON}
        return Response(answer.content, answer.status_code, kept)

    async def _hold_up(self) -> None:
        """For ever: whoever waits for the answer is killed."""
        self.held.set()
        await asyncio.Event().wait()
