"""The application over the bad canary's story, and a client for it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import httpx
import pytest
from starlette.applications import Starlette

from checks.facts import Fact
from config.settings import Role
from daemon.http.app import create_app
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.fake_view import FakeView, token_of
from tests.unit.daemon.http.story import bad_canary, options

Client = Callable[[Role | None], httpx.AsyncClient]


@dataclass(slots=True)
class RememberingSink:
    """Keeps what it accepts, or raises fault."""

    accepted: list[Fact] = field(default_factory=list)
    fault: Exception | None = None

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Keep the facts."""
        assert source in {"ingest", "firehose", "alertmanager"}
        if self.fault is not None:
            raise self.fault
        self.accepted.extend(facts)


@dataclass(slots=True)
class RememberingQuarantine:
    """Keeps why messages were put aside."""

    reasons: list[str] = field(default_factory=list)

    async def put(self, source: str, body: bytes | str, what: str, now_ms: int) -> None:
        """Keep the reason."""
        assert source
        assert now_ms > 0
        assert body is not None
        self.reasons.append(what)


@pytest.fixture
def view() -> FakeView:
    return bad_canary()


@pytest.fixture
def sink() -> RememberingSink:
    return RememberingSink()


@pytest.fixture
def quarantine() -> RememberingQuarantine:
    return RememberingQuarantine()


@pytest.fixture
def app(view: FakeView, sink: RememberingSink, quarantine: RememberingQuarantine) -> Starlette:
    return create_app(view, sink, cast("Quarantine", quarantine), options(view))


@pytest.fixture
async def as_role(app: Starlette) -> AsyncIterator[Client]:
    """``as_role("viewer")`` is a client with that role's token, ``as_role(None)`` one without."""
    clients: list[httpx.AsyncClient] = []

    def client(role: Role | None) -> httpx.AsyncClient:
        headers = {} if role is None else {"authorization": f"Bearer {token_of(role)}"}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        made = httpx.AsyncClient(transport=transport, base_url="http://till.test", headers=headers)
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()
