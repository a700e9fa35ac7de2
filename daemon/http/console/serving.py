"""The console's live pages and their stream."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from config.settings import Role
from daemon.http.console.acts.permitted import permitted
from daemon.http.console.feed import ConsoleFeed, Mark, Row, Snapshot
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.table import PAGE_BY_NAME, PAGES
from daemon.http.console.shell import shell
from daemon.http.problems import problem
from daemon.http.sessions.authority import Authority
from daemon.http.sessions.book import Session, SessionBook
from remediation.ports import Clock

MIN_INTERVAL_SECONDS = 0.05
"""At most twenty updates a second: nobody reads faster, and what follows another closely is seen within a tenth."""

HEARTBEAT_SECONDS = 2.0
"""Something is sent at least so often; the page calls itself stale after three times that."""

STREAM_LIMIT = 32
"""Browsers that watch at a time; each costs a few milliseconds of encoding a second."""

OF_LENGTH_MAX = 200
"""Characters of the name of one deployment, flag or rule."""


class ChartUpdate(msgspec.Struct, frozen=True):
    """rows: new or changed seconds, all of them when reset."""

    reset: bool
    rows: list[Row]
    marks: tuple[Mark, ...]


class ListUpdate(msgspec.Struct, frozen=True):
    """A list that a browser has. keys: of all its rows, in their order. rows: new and changed ones, escaped HTML."""

    keys: list[str]
    rows: str


class Update(msgspec.Struct, frozen=True):
    """One message of the stream. panels: those that changed, as escaped HTML. chart: None when it did not change.

    lists: panels of which only rows have changed.
    """

    version: int
    now_ms: int
    panels: dict[str, str]
    lists: dict[str, ListUpdate]
    chart: ChartUpdate | None


@dataclass(slots=True)
class Sent:
    """What one browser has. role: of whoever sits there."""

    role: Role
    panels: dict[str, str] = field(default_factory=dict)
    lists: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: frozenset[Row] | None = None
    marks: tuple[Mark, ...] = ()

    def update(self, snapshot: Snapshot) -> Update:
        """What the browser still needs; from here on it counts as sent."""
        changed = [name for name, html in snapshot.panels.items() if self.panels.get(name) != html]
        # A list that was empty, or is now, is another panel: it says so in words.
        grown = {name for name in changed if self.lists.get(name) and snapshot.lists.get(name)}
        panels = {name: permitted(snapshot.panels[name], self.role) for name in changed if name not in grown}
        lists = {name: self._list_update(self.lists[name], snapshot.lists[name]) for name in changed if name in grown}
        chart: ChartUpdate | None = None
        if snapshot.rows is not None and (snapshot.rows != self.rows or snapshot.marks != self.marks):
            known = self.rows if self.rows is not None else frozenset()
            chart = ChartUpdate(reset=self.rows is None, rows=sorted(snapshot.rows - known), marks=snapshot.marks)
        self.panels, self.lists = snapshot.panels, snapshot.lists
        self.rows, self.marks = snapshot.rows, snapshot.marks
        return Update(snapshot.version, snapshot.now_ms, panels, lists, chart)

    def _list_update(self, known: Mapping[str, str], now: Mapping[str, str]) -> ListUpdate:
        news = "".join(html for key, html in now.items() if known.get(key) != html)
        return ListUpdate(keys=list(now), rows=permitted(news, self.role))


class Console:
    """The pages of the table, and ``/console/stream?page=NAME&of=WHICH``, which keeps one of them up to date."""

    def __init__(self, feed: ConsoleFeed, sessions: SessionBook, authority: Authority, clock: Clock) -> None:
        self._feed = feed
        self._sessions = sessions
        self._authority = authority
        self._clock = clock
        self.streams = 0

    def handlers(self) -> dict[str, Callable[[Request], Awaitable[Response]]]:
        """What answers each page, by its path."""
        return {page.path: self._handler(page) for page in PAGES}

    def _handler(self, page: ConsolePage) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            return await self.page(request, page)

        return show

    async def page(self, request: Request, page: ConsolePage) -> Response:
        """The whole page, useful without a script."""
        of = str(request.path_params.get("of", ""))
        await self._feed.look_first(page)
        snapshot = await self._feed.snapshot(page, of, 0) if len(of) <= OF_LENGTH_MAX else None
        if snapshot is None:
            return _missing(request, of)
        panels = {name: Markup(html) for name, html in snapshot.panels.items()}  # noqa: S704  # rendered and escaped by our own templates
        return HTMLResponse(shell(request, page, of, panels))

    async def stream(self, request: Request) -> Response:
        """Server-sent events until the browser leaves."""
        if self.streams >= STREAM_LIMIT:
            detail = f"{STREAM_LIMIT} consoles are open; close one."
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, instance=request.url.path)
        page = PAGE_BY_NAME.get(request.query_params.get("page", PAGES[0].name))
        of = request.query_params.get("of", "")
        known = page is not None and len(of) <= OF_LENGTH_MAX
        if page is None or not known or await self._feed.snapshot(page, of, 0) is None:
            return _missing(request, of)
        headers = {"x-accel-buffering": "no"}
        events = self.events(page, of, lambda: self._may_watch(request), request.state.principal.role)
        return StreamingResponse(events, headers=headers, media_type="text/event-stream")

    async def events(
        self, page: ConsolePage, of: str = "", may_watch: Callable[[], bool] = lambda: True, role: Role = "viewer"
    ) -> AsyncGenerator[bytes]:
        """A first update with everything, then one for each change, paced, and one for each quiet interval.

        It ends when what the page shows is gone, and when nobody may watch by that session or token any more.
        """
        self.streams += 1
        try:
            yield b"retry: 1000\n\n"
            sent, version = Sent(role), 0
            while may_watch():
                snapshot = await self._feed.snapshot(page, of, version)
                if snapshot is None:
                    return
                yield b"data: " + msgspec.json.encode(sent.update(snapshot)) + b"\n\n"
                await self._clock.sleep(MIN_INTERVAL_SECONDS)
                version = await self._next(snapshot.version)
        finally:
            self.streams -= 1

    def _may_watch(self, request: Request) -> bool:
        """Whether the session lasts, or the token is still one of the settings."""
        session: Session | None = request.state.session
        if session is not None:
            return self._sessions.lives(session)
        return self._authority.by_header(request.headers.get("authorization", "")) is not None

    async def _next(self, seen: int) -> int:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                return await self._feed.view.changed(seen)
        except TimeoutError:
            return seen


def _missing(request: Request, of: str) -> Response:
    detail = f"The console has no {of!r} here; its list has what there is." if of else "The console has no such page."
    return problem(HTTPStatus.NOT_FOUND, detail, instance=request.url.path)
