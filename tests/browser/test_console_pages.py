"""Every page of the console in a real browser: axe finds nothing, no page scrolls sideways, none is heavy."""

from collections.abc import AsyncIterator, Mapping
from typing import cast

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Browser, Page, expect

from daemon.http.app import create_app
from daemon.http.console.pages.table import PAGES
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from tests.browser.console_server import Console, RunningClock, running_app
from tests.unit.daemon.http.deploying import ID
from tests.unit.daemon.http.fake_view import FakeView
from tests.unit.daemon.http.full_house import full_house

# The browser lives as long as the module, and so do the loop that talks to it and the console that all look at.
pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST_LOAD_BYTES = 150_000
OF = {
    "deployment": ID,
    "flag": "processor",
    "rule": "payment-failure-rate",
    "incident": "inc-4",
    "procedure": "payment-failures",
}
ADDRESSES = (
    *(page.path.replace("{of}", OF.get(page.name, "")) for page in PAGES),
    "/console/journal",
    "/console/journal/4",
    "/console/journal/verification",
)
ALIKE = "tbody tr:nth-child(n+4), .steps > li:nth-child(n+3), .timeline > li:nth-child(n+5), .phase:nth-of-type(n+4)"
"""What is made by the same lines of a template as what stands above it."""
ALL = {"resultTypes": ["violations"]}
IN_THE_DARK = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
"""What a scheme of colours can change."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    """One for all tests of the module; whoever changes what it shows puts it back."""
    view, told = await full_house(tmp_path_factory.mktemp("full"), clock=RunningClock())
    app = create_app(view, cast("FactSink", None), cast("Quarantine", None), told)
    async with running_app(app, view, browser) as made:
        yield made


async def violations(page: Page, options: Mapping[str, object] | None = None) -> list[str]:
    """What axe says is wrong, with the place of the first of each."""
    results = await Axe().run(page, {"exclude": [[ALIKE]]}, ALL if options is None else options)
    return [
        f"{one['id']}: {one['help']} at {one['nodes'][0]['target']}: {one['nodes'][0]['failureSummary']}"
        for one in results.response["violations"]
    ]


@pytest_asyncio.fixture(loop_scope="module")
async def page(console: Console) -> AsyncIterator[Page]:
    """A page whose browser has a session, for one test."""
    made = await console.blank()
    await console.sign_in(made)
    yield made
    await made.context.close()
    console.contexts.remove(made.context)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(console: Console) -> Page:
    """One that goes from address to address."""
    made = await console.blank()
    await console.sign_in(made)
    return made


@pytest.mark.parametrize("address", ADDRESSES)
async def test_axe_finds_nothing_light_or_dark_a_phone_scrolls_one_way_and_the_first_load_is_small(
    console: Console, reader: Page, address: str
) -> None:
    page = reader
    cache = await page.context.new_cdp_session(page)
    await cache.send("Network.clearBrowserCache")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.emulate_media(color_scheme="light")
    assert 1_000 < await weight(console, page, address) <= FIRST_LOAD_BYTES
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert await violations(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await violations(page, IN_THE_DARK) == []
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert console.complaints == []


async def test_a_second_page_needs_hardly_anything_because_the_files_are_kept(console: Console, page: Page) -> None:
    first = await weight(console, page, "/console/flags")
    assert first < FIRST_LOAD_BYTES
    assert await weight(console, page, "/console/ledger") < first / 2


async def weight(console: Console, page: Page, address: str) -> int:
    """Bytes over the wire until the page is live."""
    console.transferred_bytes = 0
    await page.goto(f"{console.url}{address}", wait_until="load")
    await page.wait_for_selector('#live[data-state="live"]')
    return console.transferred_bytes


async def test_the_journal_is_searched_and_proved_without_leaving_the_page(console: Console, page: Page) -> None:
    await page.goto(f"{console.url}/console/journal")
    await page.wait_for_selector('#live[data-state="live"]')
    await page.evaluate("window.sameDocument = true")
    await page.get_by_label("Kind").select_option("quarantine")
    await page.get_by_label("About").fill("payment-events")
    await page.keyboard.press("Enter")
    await expect(page.locator("#journal-found tbody tr")).to_have_count(1)
    assert "kind=quarantine&subject=payment-events" in page.url
    await page.get_by_role("link", name="Prove the chain now").press("Enter")
    await expect(page.locator("#journal-proof")).to_contain_text("each follows the one before")
    assert await page.evaluate("window.sameDocument")
    await page.go_back()
    await expect(page.locator("#journal-found tbody tr")).not_to_have_count(1)
    assert console.complaints == []


async def test_a_page_without_a_script_has_its_answer(console: Console, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await console.sign_in(page)
    for address, words in (
        ("/console/ledger", "Trial balance"),
        ("/console/journal?kind=quarantine", "message m-77"),
        ("/console/journal/verification", "each follows the one before"),
    ):
        await page.goto(f"{console.url}{address}")
        await expect(page.locator("main")).to_contain_text(words)
    await context.close()


async def test_the_keyboard_reaches_the_navigation_and_skips_it(console: Console, page: Page) -> None:
    await page.goto(f"{console.url}/console/ledger")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.get_by_role("navigation").get_by_role("link", name="Costs").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Costs")
    await expect(page.get_by_role("link", name="Costs")).to_have_attribute("aria-current", "page")


async def test_what_a_reader_folded_stays_folded_when_news_come(console: Console, page: Page) -> None:
    view: FakeView = console.view
    await page.goto(f"{console.url}/console/costs")
    await page.wait_for_selector('#live[data-state="live"]')
    first = page.locator("details.cohort").first
    await expect(first).to_have_attribute("open", "")
    await first.locator("summary").click()
    await page.evaluate("document.addEventListener('console:update', () => { document.body.dataset.seen = 'yes'; })")
    view.bump()
    await expect(page.locator("body")).to_have_attribute("data-seen", "yes")
    await expect(first).not_to_have_attribute("open", "")
