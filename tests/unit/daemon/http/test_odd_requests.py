"""Whatever is asked in whatever way: no request breaks a door, and every no is a problem document or a page."""

import asyncio
import re
from functools import cache
from typing import cast
from urllib.parse import unquote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message

from daemon.http.app import create_app
from daemon.http.problems import PROBLEM_TYPE
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.conftest import Client, RememberingQuarantine, RememberingSink
from tests.unit.daemon.http.fake_view import token_of
from tests.unit.daemon.http.story import bad_canary, options
from tests.unit.daemon.http.test_access import ENDLESS

NAMES = (
    "inc-4",
    "inc-1",
    "d-1",
    "9" * 30,
    "%0A",
    "%00",
    "%ED%A0%80",
    "..",
    "%F0%9F%92%A9",
    "{0}",
    "us-east-1",
    "-1",
    "",
)
ENDS = ("", "", "", "%0A", "%0D%0A", "/", "//", "%00", "?", ";x", "%2F")
BODIES = (
    b"",
    b"{}",
    b"[",
    b"[" * 5_000,
    b"\xff",
    b'{"reason":"\\ud800"}',
    b'{"reason":"x","units":1e400}',
    b'"x"',
    b"csrf=%FF&key=",
)
HEADERS = {
    "content-length": ("\xb2", "9" * 5_000, "-1", "2"),
    "content-type": ("application/json", "\xff", "application/cloudevents-batch+json", "text/plain"),
    "content-encoding": ("gzip", "\xff"),
    "cookie": ("till_session=\xff", "=;;="),
    "host": ("[", "a:b:c", "\xff"),
    "origin": ("http://[", "null"),
    "x-fragment": ("1",),
    "x-amz-firehose-access-key": (token_of("admin"), "\xff"),
    "x-pagerduty-signature": ("v1=\xff",),
    "traceparent": ("\xff",),
}
FIELDS = ("incident_id", "place", "flag", "steps", "matchers", "since", "before", "limit", "kind", "to", "code")
VALUES = st.sampled_from(
    ("", "\n", "\x00", "\u00b2", "-1", "9" * 30, "rule=~(", "{0}", "x" * 501, "0001-01-01T00:00+23:59")
)


@cache
def served() -> tuple[Starlette, tuple[tuple[str, str], ...]]:
    """The application, and the method and pattern of everything that ends by itself."""
    view = bad_canary()
    app = create_app(view, RememberingSink(), cast("Quarantine", RememberingQuarantine()), options(view))
    routes = [one for one in app.routes if isinstance(one, Route) and one.path != ENDLESS]
    return app, tuple((method, one.path) for one in routes for method in sorted(one.methods or ()))


async def asked(
    app: Starlette, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> tuple[int, str, bytes]:
    """Status, content type and body; without a client, which would refuse to send most of it."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    told = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    where = {"path": unquote(path), "raw_path": path.encode(), "root_path": "", "query_string": query.encode()}
    scope = {"type": "http", "method": method, "scheme": "http", "http_version": "1.1", "headers": told, **where}
    await app({**scope, "client": ("127.0.0.1", 1), "server": ("till.test", 80), "state": {}}, receive, send)
    begun, *parts = sent
    kind = dict(begun["headers"]).get(b"content-type", b"").decode()
    return begun["status"], kind, b"".join(part.get("body", b"") for part in parts)


@given(
    route=st.sampled_from(served()[1]),
    other=st.sampled_from(("", "", "", "PUT", "TRACE", "get", "FOO")),
    name=st.sampled_from(NAMES),
    end=st.sampled_from(ENDS),
    query=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3),
    odd=st.lists(
        st.sampled_from(sorted(HEADERS)).flatmap(
            lambda one: st.sampled_from(HEADERS[one]).map(lambda value: (one, value))
        ),
        max_size=2,
    ),
    body=st.sampled_from(BODIES),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_request_breaks_a_door_and_every_no_says_what_to_do(
    route: tuple[str, str],
    other: str,
    name: str,
    end: str,
    query: dict[str, str],
    odd: list[tuple[str, str]],
    body: bytes,
) -> None:
    method, pattern = route
    path = re.sub(r"\{\w+\}", lambda _: name, pattern) + end
    headers = {"host": "till.test", "authorization": f"Bearer {token_of('admin')}"} | dict(odd)
    status, kind, told = asyncio.run(
        asked(served()[0], other if other else method, path, urlencode(query), headers, body)
    )
    assert status != 500
    if status >= 400 and method != "HEAD" and pattern != "/ingest/firehose":
        assert kind.startswith((PROBLEM_TYPE, "text/html"))
        assert kind.startswith("text/html") or msgspec.json.decode(told)["detail"]


@pytest.mark.parametrize("end", ["%0A", "%0D%0A", "%00", "%20"])
@pytest.mark.parametrize("path", ["/console/acts/automation.stop", "/livez", "/console", "/api/v1/status"])
async def test_an_address_with_something_behind_it_is_another_address(as_role: Client, path: str, end: str) -> None:
    client = as_role("admin")
    assert (await client.get(path)).status_code == 200
    assert (await client.get(path + end)).status_code == 404


@pytest.mark.parametrize("length", ["\xb2", "9" * 5_000, "-1", "x"])
def test_a_length_that_is_no_number_is_not_counted_with(length: str) -> None:
    headers = {"authorization": f"Bearer {token_of('admin')}", "content-type": "application/json"}
    status, kind, _ = asyncio.run(
        asked(served()[0], "POST", "/ingest/events", "", headers | {"content-length": length}, b"{}")
    )
    assert status in {400, 413}
    assert kind == PROBLEM_TYPE
