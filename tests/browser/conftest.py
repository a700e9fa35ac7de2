"""Browser tests need Debian's chromium."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.console_server import CHROMIUM, QUIET_BROWSER
from tests.conftest import Require


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(require: Require) -> AsyncIterator[Browser]:
    """One for all tests of a module: every page has a context of its own, which shares nothing with another."""
    require("chromium", CHROMIUM is not None)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET_BROWSER), env={**os.environ, "TZ": "UTC"}
        )
        yield started
        await started.close()
