"""The real application over a fake view on a loopback port, and pages of a browser that watch it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import uvicorn
from playwright.async_api import Browser, BrowserContext, Page
from starlette.applications import Starlette

from config.settings import Role
from daemon.deployments.service import RunView
from daemon.http.app import create_app
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.deploying import options_with
from tests.unit.daemon.http.fake_view import NOW_MS, FakeClock, FakeView, loop_turns, token_of

CHROMIUM = shutil.which("chromium")
QUIET_BROWSER = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
)
"""A browser that talks to nobody but the page."""


class RunningClock(FakeClock):
    """Starts at the story's end, or at another time, and runs with the event loop."""

    begins_ms: int = NOW_MS

    def now_ms(self) -> int:
        """The begin and the time since."""
        loop = asyncio.get_running_loop()
        if not hasattr(self, "_zero"):
            self._zero = loop.time()
        return self.begins_ms + round(1000 * (loop.time() - self._zero))

    async def sleep(self, seconds: float) -> None:
        """Let others run for this long."""
        await loop_turns(seconds)


@dataclass
class Console:
    """A running console; without slots, because playwright marks the objects that handle its events.

    complaints: what the browser's console said, security violations included.
    """

    url: str
    view: FakeView
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    transferred_bytes: int = 0
    contexts: list[BrowserContext] = field(default_factory=list)

    async def open(
        self,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        role: Role = "viewer",
        path: str = "/console",
    ) -> Page:
        """A page that is signed in and shows the first live update."""
        page = await self.blank(width, height, scheme)
        await self.sign_in(page, role)
        await page.goto(f"{self.url}{path}", wait_until="load")
        await page.wait_for_selector('#live[data-state="live"]')
        return page

    async def sign_in(self, page: Page, role: Role = "viewer") -> None:
        """Give the page's browser a session, without showing it the form."""
        await page.request.post(f"{self.url}/console/login", form={"token": token_of(role)}, max_redirects=0)

    async def blank(self, width: int = 1440, height: int = 900, scheme: str = "light") -> Page:
        """A fresh page whose complaints and bytes are counted."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id="America/New_York",
            locale="en-US",
        )
        self.contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda fault: self.complaints.append(str(fault.stack)))
        session = await context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.loadingFinished", self._count)
        return page

    def _count(self, event: dict[str, float]) -> None:
        self.transferred_bytes += round(event["encodedDataLength"])


@asynccontextmanager
async def running_console(view: FakeView, browser: Browser, *deployments: RunView) -> AsyncIterator[Console]:
    """The application on a free port; it ends with the block, and so does what its pages left in the browser."""
    view.clock = RunningClock()
    # No test of the console sends events, so nothing takes them.
    app = create_app(view, cast("FactSink", None), cast("Quarantine", None), options_with(view, *deployments))
    async with running_app(app, view, browser) as console:
        yield console


@asynccontextmanager
async def running_app(app: Starlette, view: FakeView, browser: Browser) -> AsyncIterator[Console]:
    """This application over this view."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(), name="console-server")
        while not server.started:
            await loop_turns(0.01)
        console = Console(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", view, browser)
        try:
            yield console
        finally:
            for context in console.contexts:
                await context.close()
            server.should_exit = True
            await serving
