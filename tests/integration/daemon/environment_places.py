"""An environment service whose environments settle at once; it counts what it was asked to change."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from daemon.environments.processes import UNKNOWN_ENVIRONMENT
from daemon.server import bind, serve

TOKEN = "of-the-environments"


class Places:
    """Blue runs 1.0.0. changes: every change that was asked for, as ``green: 2.0.0 x 1``."""

    def __init__(self) -> None:
        self.running = {"blue": ("1.0.0", 1)}
        self.changes: list[str] = []
        place = "/v1/environments/{name}"
        self._app = Starlette(
            routes=[
                Route(place, self._look, methods=["GET"]),
                Route(f"{place}/deployment", self._deploy, methods=["PUT"]),
            ]
        )
        self._socket = bind("127.0.0.1", 0)
        self.url = "http://{}:{}".format(*self._socket.getsockname())

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await serve(self._app, self._socket)
        finally:
            self._socket.close()

    async def _look(self, request: Request) -> Response:
        await asyncio.sleep(0)
        found = self.running.get(request.path_params["name"])
        if found is None:
            problem = {"type": f"urn:tillwatch:{UNKNOWN_ENVIRONMENT}", "detail": "there is no such environment"}
            return JSONResponse(problem, 404, media_type="application/problem+json")
        version, size = found
        state = {"version": version, "desired": size, "running": size, "healthy": size, "settled": True}
        return JSONResponse(state)

    async def _deploy(self, request: Request) -> Response:
        body, name = await request.json(), request.path_params["name"]
        self.running[name] = (body["version"], body["size"])
        self.changes.append(f"{name}: {body['version']} x {body['size']}")
        return Response(status_code=202)
