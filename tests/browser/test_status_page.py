"""The status page in a real browser: axe finds nothing, a phone scrolls one way, and a page that is old says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from msgspec.structs import replace
from playwright.async_api import Browser, Page

from daemon.clock import SystemClock
from daemon.status_page.document import StatusDocument
from daemon.status_page.rendering import CONTENT_TYPES, Renderer
from tests.serving import serving
from tests.unit.daemon.status_page.test_document import shown, update

pytestmark = pytest.mark.asyncio(loop_scope="module")
PHONE = 390
ColorScheme = Literal["light", "dark"]
STALE = "2020-01-01T00:00:00Z"


def fresh() -> str:
    """A moment that no page is older than."""
    return datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@asynccontextmanager
async def opened(
    browser: Browser, document: StatusDocument, scheme: ColorScheme = "light", width: int = 1280
) -> AsyncIterator[Page]:
    """The page of this document, served as a folder is."""
    files = Renderer().files(document)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        name = head.split()[1].strip("/").partition("?")[0]
        name = name if name else "index.html"
        body, kind = files.get(name, b""), CONTENT_TYPES.get(name, "text/plain")
        status = "200 OK" if name in files else "404 Not Found"
        lines = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(lines.encode("ascii") + body)
        await writer.drain()
        writer.close()

    async with serving(serve) as port:
        context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
        page = await context.new_page()
        try:
            await page.goto(f"http://127.0.0.1:{port}/")
            yield page
        finally:
            await context.close()


def busy(written_at: str) -> StatusDocument:
    """An outage, something that is over, and planned work."""
    past = update("resolved", subject="inc-2", impact="degraded", ended_ms=update().answered_at_ms)
    return replace(shown(update(), past), written_at=written_at)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_and_a_phone_scrolls_one_way(browser: Browser, scheme: ColorScheme) -> None:
    async with opened(browser, busy(STALE), scheme, PHONE) as page:
        found = await Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE


async def test_a_page_that_is_no_longer_written_says_so_and_one_that_is_does_not(browser: Browser) -> None:
    async with opened(browser, busy(STALE)) as page:
        await page.wait_for_selector("#stale:not([hidden])")
        assert "has not been written since 2020-01-01" in await page.inner_text("#stale")
    async with opened(browser, busy(fresh())) as page:
        await page.wait_for_selector("#written")
        assert await page.is_hidden("#stale")


async def test_a_newer_page_is_taken_over_by_its_date_alone(browser: Browser) -> None:
    """The page was written long ago when it was loaded, and what lies beside it was written just now."""
    old = busy(STALE)
    async with opened(browser, old) as page:
        await page.route("**/status.json", lambda route: route.fulfill(json=msgspec.to_builtins(busy(fresh()))))
        await page.reload()
        await page.wait_for_selector("#stale[hidden]", state="attached")
        assert "2020" not in await page.inner_text("#written")
