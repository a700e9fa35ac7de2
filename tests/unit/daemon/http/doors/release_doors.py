"""The daemon's doors over the real desks of deployments and rollbacks, and a world in memory behind them."""

from typing import cast

import httpx

from config.settings import Role
from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.rollbacks.parts import RollbackParts
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from remediation.journal.writer import JournalWriter
from remediation.state import State
from tests.unit.daemon.deployments.test_service import Scene
from tests.unit.daemon.http.fake_view import FakeView, token_of, tokens


class LivingView(FakeView):
    """A view whose state is the writer's."""

    writer: JournalWriter

    def state(self) -> State:
        """As it is at this moment."""
        return self.writer.state


class Doors:
    """scene: deployments; None: nothing is deployed from here. parts: rollbacks, or None."""

    def __init__(self, writer: JournalWriter, scene: Scene | None = None, parts: RollbackParts | None = None) -> None:
        view = LivingView()
        view.writer = writer
        options = HttpOptions(
            tokens=tokens(),
            current_rules=tuple,
            version="0.1.0",
            clock=cast("SystemClock", view.clock),
            deployments=None if scene is None else scene.desk,
            rollbacks=parts,
        )
        self.app = create_app(view, cast("FactSink", None), cast("Quarantine", None), options)

    async def ask(
        self, role: Role | None, method: str, path: str, body: object = None, content: bytes | None = None
    ) -> httpx.Response:
        """One request below ``/api/v1/`` with the token of the role; None: without a token."""
        headers = {} if role is None else {"authorization": f"Bearer {token_of(role)}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://till.test", headers=headers) as client:
            if content is not None:
                return await client.request(method, f"/api/v1/{path}", content=content)
            return await client.request(method, f"/api/v1/{path}", json=body)


def problem_of(answer: httpx.Response, status: int) -> str:
    """What the problem document says, which is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["instance"].startswith("/api/v1/")
    return str(document["detail"])
