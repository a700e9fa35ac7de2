"""The two open routes: whether the loop turns, and whether the daemon can do its work."""

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.problems import problem
from daemon.view.shape import SystemView


class Readiness(msgspec.Struct, frozen=True):
    """The body of a successful ``/readyz``."""

    ready: bool


class Probes:
    """``/livez`` and ``/readyz``."""

    def __init__(self, view: SystemView) -> None:
        self._view = view

    async def livez(self, _: Request) -> Response:
        """200 as long as the event loop turns; that this answers is the whole test."""
        return Response(b'{"live":true}', media_type="application/json")

    async def readyz(self, request: Request) -> Response:
        """200 when ready, otherwise 503 with the reason."""
        ready, reason = self._view.ready()
        if not ready:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, instance=request.url.path)
        return Response(msgspec.json.encode(Readiness(ready=True)), media_type="application/json")
