"""Sessions end when they should, belong to one browser, and take only forms that were made for them."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from config.console import ConsoleSettings
from config.settings import Role, Token
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.http.sessions.attempts import ADDRESSES_MAX, FAILURES_MAX, WINDOW_MS, Attempts
from daemon.http.sessions.authority import Authority, Principal, digest_of
from daemon.http.sessions.book import SESSIONS_MAX, SESSIONS_OF_ONE_MAX, Session, SessionBook
from daemon.http.sessions.codes import CODE_MINUTES, CODES_MAX, Codes
from daemon.http.sessions.own_page import is_own_page
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import FakeView, token_of, tokens
from tests.unit.daemon.http.story import bad_canary, options

ANN = Principal("ann", "viewer")
HOUR_MS = 3_600_000


class Time:
    """A monotonic clock that a test moves, and whoever it lets in."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.known: Principal | None = ANN

    def book(self) -> SessionBook:
        return SessionBook(lambda: self.now_ms, self.still, idle_seconds=3600, longest_seconds=4 * 3600)

    def still(self, _: Session) -> Principal | None:
        return self.known


def app_with(settings: ConsoleSettings, known: Sequence[Token] | None = None) -> Starlette:
    view = bad_canary()
    told = options(view)
    given = {name: getattr(told, name) for name in told.__dataclass_fields__} | {"console": settings}
    if known is not None:
        given["tokens"] = known
    return create_app(view, cast("FactSink", None), cast("Quarantine", None), HttpOptions(**given))


def client_of(app: Starlette, base_url: str = "http://till.test") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=base_url)


async def signed_in(client: httpx.AsyncClient, role: Role) -> str:
    """Sign in by the form; the session's own token, as a page shows it."""
    answer = await client.post("/console/login", data={"token": token_of(role)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    page = await client.get("/console/acts/automation.stop", headers={"x-fragment": "1"})
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as made:
        yield made


def test_a_session_that_is_not_used_ends_and_one_that_is_used_ends_in_the_end() -> None:
    time = Time()
    book = time.book()
    idle, busy = book.open(ANN, "a"), book.open(ANN, "a")
    for _ in range(4):
        time.now_ms += HOUR_MS - 1
        assert book.find(busy) is not None
    assert book.find(idle) is None
    time.now_ms = 4 * HOUR_MS
    assert book.find(busy) is None


def test_watching_is_no_use_so_that_a_page_that_is_left_open_ends_too() -> None:
    time = Time()
    book = time.book()
    session = book.find(book.open(ANN, "a"))
    assert session is not None
    time.now_ms = HOUR_MS - 1
    assert book.lives(session)
    time.now_ms = HOUR_MS
    assert not book.lives(session)


def test_a_session_has_no_more_rights_than_what_opened_it_has_now() -> None:
    time = Time()
    book = time.book()
    session_id = book.open(Principal("ann", "admin"), "a")
    found = book.find(session_id)
    assert found is not None
    assert found.principal == ANN
    time.known = None
    assert book.find(session_id) is None
    time.known = ANN
    assert book.find(session_id) is None


def test_one_person_pushes_only_their_own_sessions_out_and_all_are_bounded() -> None:
    time = Time()
    book = time.book()
    others = book.open(ANN, "other")
    own = [book.open(ANN, "own") for _ in range(SESSIONS_OF_ONE_MAX + 1)]
    assert book.find(own[0]) is None
    assert book.find(own[1]) is not None
    assert book.find(others) is not None
    for number in range(SESSIONS_MAX - 1):
        time.now_ms = number
        book.open(ANN, f"person-{number}")
    newest = book.open(ANN, "last")
    assert book.find(others) is None
    assert book.find(newest) is not None


def test_a_code_opens_one_session_in_its_time() -> None:
    time = Time()
    codes = Codes(lambda: time.now_ms)
    first, late = codes.make(ANN, "a"), codes.make(ANN, "a")
    assert codes.use("made-up") is None
    used = codes.use(first)
    assert used is not None
    assert (used.principal, used.credential) == (ANN, "a")
    assert codes.use(first) is None
    time.now_ms = CODE_MINUTES * 60_000
    assert codes.use(late) is None
    many = [codes.make(ANN, "a") for _ in range(CODES_MAX + 1)]
    assert codes.use(many[0]) is None
    assert codes.use(many[1]) is not None


def test_whoever_guesses_waits_and_nobody_else_does() -> None:
    attempts = Attempts()
    for number in range(FAILURES_MAX):
        assert attempts.wait_seconds("10.0.0.1", number) == 0
        attempts.failed("10.0.0.1", number)
    assert attempts.wait_seconds("10.0.0.1", 10) == 60
    assert attempts.wait_seconds("10.0.0.2", 10) == 0
    assert attempts.wait_seconds("10.0.0.1", WINDOW_MS) == 0
    for number in range(ADDRESSES_MAX):
        attempts.failed(f"host-{number}", 11)
    assert attempts.wait_seconds("10.0.0.1", 12) == 0


@pytest.mark.parametrize(
    ("headers", "public_url", "own"),
    [
        ({}, None, True),
        ({"sec-fetch-site": "same-origin"}, None, True),
        ({"sec-fetch-site": "none"}, None, True),
        ({"sec-fetch-site": "same-site"}, None, False),
        ({"sec-fetch-site": "cross-site"}, None, False),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, None, True),
        ({"origin": "null"}, None, False),
        ({"origin": "http://till.test", "host": "till.test"}, None, True),
        ({"origin": "http://till.test:80", "host": "till.test"}, None, True),
        ({"origin": "http://till.test:8080", "host": "till.test"}, None, False),
        ({"origin": "http://evil.test", "host": "till.test"}, None, False),
        ({"origin": "http://[", "host": "till.test"}, None, False),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.test", "host": "till.test"}, None, False),
        ({"origin": "https://till.example", "host": "10.0.0.7:8080"}, "https://till.example", True),
        ({"origin": "http://10.0.0.7:8080", "host": "10.0.0.7:8080"}, "https://till.example", False),
    ],
)
def test_our_own_page_is_known_by_what_no_other_page_can_say(
    headers: dict[str, str], public_url: str | None, own: bool
) -> None:
    assert is_own_page(headers, public_url) is own


async def test_the_cookie_is_kept_from_scripts_and_from_other_sites_and_holds_no_token(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/console/login", data={"token": token_of("viewer")})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert token_of("viewer") not in cookie
    assert digest_of(token_of("viewer")) not in cookie


@pytest.mark.parametrize(
    ("base_url", "settings", "secure"),
    [
        ("http://till.test", ConsoleSettings(), False),
        ("https://till.test", ConsoleSettings(), True),
        ("http://till.test", ConsoleSettings(public_url="https://till.example"), True),
    ],
)
async def test_the_cookie_is_for_tls_alone_where_browsers_see_tls(
    base_url: str, settings: ConsoleSettings, secure: bool
) -> None:
    async with client_of(app_with(settings), base_url) as client:
        cookie = (await client.post("/console/login", data={"token": token_of("viewer")})).headers["set-cookie"]
        assert ("Secure" in cookie) is secure
        assert cookie.startswith("__Host-") is secure


async def test_a_token_in_an_address_opens_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console", params={"token": token_of("viewer")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    assert "set-cookie" not in answer.headers


async def test_a_wrong_token_shows_the_form_again_and_sets_no_cookie(client: httpx.AsyncClient) -> None:
    answer = await client.post("/console/login", data={"token": "wrong", "to": "/console/flags"})
    assert answer.headers["location"] == "/console/login?refused=1&to=/console/flags"
    assert "set-cookie" not in answer.headers
    assert "not known here" in (await client.get(answer.headers["location"])).text


async def test_ten_wrong_tokens_in_a_minute_are_answered_with_waiting_also_when_the_next_is_right(
    client: httpx.AsyncClient, view: FakeView
) -> None:
    for _ in range(FAILURES_MAX):
        await client.post("/console/login", data={"token": "wrong"})
    answer = await client.post("/console/login", data={"token": token_of("admin")})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 60
    assert "set-cookie" not in answer.headers
    view.clock.now += WINDOW_MS
    assert (await client.post("/console/login", data={"token": token_of("admin")})).status_code == 303


def test_no_token_is_nobodys_whatever_the_settings_say() -> None:
    careless = Token.model_construct(name="oncall", role="admin", sha256=digest_of(""))
    authority = Authority(lambda: [careless])
    assert (authority.by_token(""), authority.by_header("Bearer ")) == (None, None)


async def test_whoever_was_sent_to_the_form_comes_back_to_the_page(client: httpx.AsyncClient) -> None:
    sent = await client.get("/console/incidents")
    assert sent.headers["location"] == "/console/login?to=/console/incidents"
    assert 'value="/console/incidents"' in (await client.get(sent.headers["location"])).text
    form = {"token": token_of("viewer"), "to": "/console/incidents"}
    assert (await client.post("/console/login", data=form)).headers["location"] == "/console/incidents"


@pytest.mark.parametrize(
    "to",
    ["https://evil.test", "//evil.test", "/console/../..//evil.test", "/console//evil.test", "/console\\evil", "/x"],
)
async def test_nobody_is_sent_anywhere_else(client: httpx.AsyncClient, to: str) -> None:
    answer = await client.post("/console/login", data={"token": token_of("viewer"), "to": to})
    assert answer.headers["location"] == "/console"


async def test_a_link_of_another_site_loads_the_page_again_so_that_the_strict_cookie_comes_along(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/console/incidents", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0"' in answer.text


async def test_a_part_of_a_page_is_not_answered_with_a_form(client: httpx.AsyncClient) -> None:
    assert (await client.get("/console", headers={"x-fragment": "1"})).status_code == 401


async def test_a_code_for_a_bearer_token_opens_the_console_once(client: httpx.AsyncClient) -> None:
    bearer = {"authorization": f"Bearer {token_of('operator')}"}
    made = (await client.post("/console/codes", headers=bearer)).json()
    assert made["minutes"] == CODE_MINUTES
    form = await client.get(made["path"])
    assert made["code"] in form.text
    assert "set-cookie" not in form.headers
    entered = await client.post("/console/login", data={"code": made["code"]})
    assert entered.status_code == 303
    assert "operator-ann" in (await client.get("/console")).text
    client.cookies.clear()
    again = await client.post("/console/login", data={"code": made["code"]})
    assert again.status_code == 403
    assert "set-cookie" not in again.headers


async def test_a_session_makes_no_codes(client: httpx.AsyncClient) -> None:
    csrf = await signed_in(client, "admin")
    assert (await client.post("/console/codes", data={"csrf": csrf})).status_code == 403


async def test_the_form_signs_in_from_our_own_page_only(client: httpx.AsyncClient) -> None:
    form = {"token": token_of("viewer")}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.test"}):
        refused = await client.post("/console/login", data=form, headers=headers)
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers


async def test_the_form_takes_no_large_body(client: httpx.AsyncClient) -> None:
    assert (await client.post("/console/login", data={"token": "x" * 17_000})).status_code == 413


async def test_a_session_is_ended_by_its_own_form_alone(client: httpx.AsyncClient) -> None:
    csrf = await signed_in(client, "viewer")
    for headers, form in (
        ({"sec-fetch-site": "cross-site"}, {"csrf": csrf}),
        ({"origin": "http://evil.test"}, {"csrf": csrf}),
        ({}, {"csrf": "made-up"}),
        ({}, {}),
    ):
        refused = await client.post("/console/logout", headers=headers, data=form)
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
        assert (await client.get("/api/v1/status")).status_code == 200
    assert (await client.post("/console/logout", data={"csrf": csrf})).status_code == 303
    assert (await client.get("/api/v1/status")).status_code == 401


async def test_every_form_of_the_console_refuses_the_token_of_another_session(
    app: Starlette, client: httpx.AsyncClient
) -> None:
    async with client_of(app) as other:
        theirs = await signed_in(other, "admin")
        own = await signed_in(client, "admin")
        assert theirs != own
        for path in (
            route.path
            for route in app.routes
            if isinstance(route, Route) and "POST" in (route.methods or ()) and route.path.startswith("/console/")
        ):
            if path != "/console/login":
                refused = await client.post(path, data={"csrf": theirs})
                assert refused.status_code == 403, path
                assert refused.headers["content-type"] == "application/problem+json"


async def test_the_stream_of_a_session_ends_with_it(app: Starlette, view: FakeView) -> None:
    async with client_of(app) as client:
        csrf = await signed_in(client, "viewer")
        watching = client.build_request("GET", "/console/stream")
        view.clock.now += 1
        await client.post("/console/logout", data={"csrf": csrf})
        assert (await client.send(watching)).status_code == 401


async def test_signing_in_makes_a_new_session_whatever_the_browser_had_before(client: httpx.AsyncClient) -> None:
    client.cookies.set("till_session", "planted")
    await signed_in(client, "viewer")
    assert client.cookies.get("till_session", domain="till.test") != "planted"


async def test_a_token_that_is_gone_or_has_another_role_changes_the_sessions_that_it_opened() -> None:
    known = list(tokens())
    app = app_with(ConsoleSettings(), known)
    async with client_of(app) as client:
        await signed_in(client, "admin")
        changed = known[-1].model_copy(update={"role": "viewer"})
        known[-1] = changed
        assert "admin-ann · viewer" in (await client.get("/console")).text
        del known[-1]
        assert (await client.get("/api/v1/status")).status_code == 401


async def test_a_session_cookie_writes_nothing_outside_the_console(as_role: Client) -> None:
    client = as_role(None)
    csrf = await signed_in(client, "admin")
    for path in ("/ingest/events", "/api/v1/automation/stop", "/api/v1/incidents/inc-4/ack"):
        assert (await client.post(path, json={"reason": "x", "csrf": csrf})).status_code == 401
