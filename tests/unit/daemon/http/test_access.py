"""Every route against every role, and what is denied although nobody thought of it."""

import asyncio
from typing import cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from config.settings import Role
from daemon.http.access import ACCESS
from daemon.http.app import create_app
from daemon.http.sessions.authority import ROLES, Authority
from daemon.http.sessions.needed import is_page, needed_for
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import FakeView, token_of
from tests.unit.daemon.http.story import bad_canary, options

CALLERS: tuple[Role | None, ...] = (None, *ROLES)
ENDLESS = "/console/stream"
ASK_THEMSELVES = {"/ingest/firehose", "/ingest/pagerduty"}
"""Doors that no guard stands at, because their callers have no bearer token: no role opens them."""
OPEN_ROUTES = {"/", "/livez", "/readyz", "/console/login"} | ASK_THEMSELVES


def routes_of(app: Starlette) -> list[Route]:
    return [route for route in app.routes if isinstance(route, Route)]


def every_route() -> list[tuple[str, str]]:
    """Method and pattern of everything that is served."""
    view = bad_canary()
    app = create_app(view, cast("FactSink", None), cast("Quarantine", None), options(view))
    return [
        (method, route.path)
        for route in routes_of(app)
        for method in sorted(route.methods if route.methods is not None else ())
    ]


MATRIX = [(method, pattern, caller) for method, pattern in every_route() if pattern != ENDLESS for caller in CALLERS]
READS = {"GET", "HEAD"}


def is_form(method: str, pattern: str) -> bool:
    """A form of the console, which takes sessions and no bearer tokens."""
    return method == "POST" and pattern.startswith("/console/") and pattern not in {"/console/login", "/console/codes"}


VIEWERS_WRITE = {"/console/logout", "/console/codes"}
"""What everybody may do to their own session."""


def test_every_route_has_a_role_and_every_role_a_route() -> None:
    served = every_route()
    assert {path for _, path in served} == {name for name in ACCESS if " " not in name}
    assert {name for name in ACCESS if " " in name} <= {f"{method} {path}" for method, path in served}


def test_nothing_that_a_viewer_may_call_changes_anything() -> None:
    open_to_viewers = {
        path for method, path in every_route() if method not in READS and needed_for(method, path, ACCESS) == "viewer"
    }
    assert open_to_viewers == VIEWERS_WRITE


def test_only_the_probes_and_the_doors_that_ask_themselves_are_open() -> None:
    assert {path for path, access in ACCESS.items() if access == "open"} == OPEN_ROUTES


@pytest.mark.parametrize(("method", "pattern", "caller"), MATRIX)
async def test_a_route_answers_its_role_and_those_above_and_nobody_else(
    as_role: Client, method: str, pattern: str, caller: Role | None
) -> None:
    needed = needed_for(method, pattern, ACCESS)
    assert needed is not None
    path = pattern.replace("{name}", "console.css")
    answer = await as_role(caller).request(method, path, content=b"{}")
    if needed == "open":
        assert (answer.status_code in {401, 403}) is (pattern in ASK_THEMSELVES)
    elif caller is None:
        sent_to_the_door = is_page(pattern) and answer.headers.get("location", "").startswith("/console/login")
        assert answer.status_code == 401 or sent_to_the_door
    elif ROLES.index(caller) < ROLES.index(needed) or is_form(method, pattern):
        assert answer.status_code == 403
    else:
        assert (answer.status_code in {401, 403}) is (pattern in ASK_THEMSELVES)


async def test_the_bare_address_leads_to_the_console_and_tells_nothing(as_role: Client) -> None:
    answer = await as_role(None).get("/")
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/console", b"")


async def test_the_stream_is_denied_without_a_token(as_role: Client) -> None:
    assert (await as_role(None).get(ENDLESS)).status_code == 401


async def test_an_unknown_path_tells_a_stranger_nothing_and_a_known_caller_that_it_does_not_exist(
    as_role: Client,
) -> None:
    assert (await as_role(None).get("/api/v1/nothing")).status_code == 401
    assert (await as_role("admin").get("/api/v1/nothing")).status_code == 404


async def test_a_route_that_nobody_gave_a_role_is_denied_to_everybody(view: FakeView) -> None:
    access = {path: role for path, role in ACCESS.items() if path != "/api/v1/journal"}
    app = create_app(view, cast("FactSink", None), cast("Quarantine", None), options(view), access=access)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till.test") as client:
        headers = {"authorization": f"Bearer {token_of('admin')}"}
        assert (await client.get("/api/v1/journal", headers=headers)).status_code == 403
        assert (await client.get("/api/v1/journal")).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer wrong", "Basic secret-of-admin", "secret-of-admin", "Bearer secret-of-Admin"],
)
async def test_a_header_that_is_not_exactly_a_known_token_is_refused(as_role: Client, header: str) -> None:
    answer = await as_role(None).get("/api/v1/status", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_scheme_is_recognized_in_any_case(as_role: Client) -> None:
    headers = {"authorization": f"bearer {token_of('viewer')}"}
    assert (await as_role(None).get("/api/v1/status", headers=headers)).status_code == 200


async def test_without_configured_tokens_nobody_gets_in() -> None:
    assert Authority(tuple).by_token("") is None


async def test_a_session_cookie_never_opens_the_ingest_door(as_role: Client) -> None:
    client = as_role(None)
    await client.post("/console/login", data={"token": token_of("admin")})
    assert (await client.get("/api/v1/status")).status_code == 200
    assert (await client.post("/ingest/events", json={})).status_code == 401


async def test_a_websocket_is_closed_at_the_door(app: Starlette) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return await asyncio.Future()

    async def send(message: object) -> None:
        sent.append(cast("dict[str, object]", message))

    scope = {"type": "websocket", "path": "/console/stream", "headers": [], "query_string": b"", "app": app}
    await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
