"""A daemon that answers commands wherever it is asked, over ASGI; what was sent to it is kept."""

import asyncio
import json
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner, Result

from config.settings import Role
from daemon.cli import app
from tests.unit.daemon.http.fake_view import token_of

RUNNER = CliRunner()


@dataclass
class Line:
    """The connection between the commands and a daemon. sent: method, path and body of every request, in order.

    loop: of the daemon, whose parts belong to one; a command has none.
    """

    doors: Starlette
    loop: asyncio.Runner
    sent: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    @property
    def writes(self) -> list[tuple[str, dict[str, object]]]:
        """What was not a look."""
        return [(path, body) for method, path, body in self.sent if method != "GET"]

    def connect(self, patch: pytest.MonkeyPatch) -> None:
        """Let every client of this test speak to the daemon."""
        client = httpx.Client
        patch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(self._answer)))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        self.sent.append((request.method, request.url.path.removeprefix("/api/v1/"), body))
        found = self.loop.run(self._answered(request))
        return httpx.Response(found.status_code, content=found.content)

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.doors)) as inside:
            content = request.content if request.method == "POST" else None
            return await inside.request(request.method, request.url, headers=request.headers, content=content)


def run(role: Role, *arguments: str, typed: str = "") -> Result:
    """One command with the token of the role; typed: what the person answers."""
    return RUNNER.invoke(app, [*arguments, "--token", token_of(role)], input=typed)


def document(result: Result) -> dict[str, object]:
    """The JSON document on the last line of stdout, which has no colour in it."""
    assert "\x1b" not in result.stdout + result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found
