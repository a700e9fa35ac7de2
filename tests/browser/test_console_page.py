"""The console in a real browser: live, safe, small, and usable on a phone and by keyboard."""

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from checks.findings import State
from daemon.view.shape import SecondOfPayments
from remediation.deployment.findings import GateState
from remediation.journal.kinds import Quarantined
from tests.browser.console_server import running_console
from tests.unit.daemon.http.deploying import ID, gate, running_at
from tests.unit.daemon.http.fake_view import NOW_MS, token_of
from tests.unit.daemon.http.story import bad_canary, finding, reading

# The browser lives as long as the module, and so does the loop that talks to it.
pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST_LOAD_BYTES = 120_000
XSS = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


async def no_horizontal_scroll(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def test_the_page_shows_the_story_without_a_complaint_and_within_its_bytes(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.open()
        await expect(page.locator(".headline")).to_have_text("1 incident open, 1 critical")
        await expect(page.locator(".timeline li")).to_have_count(len(console.view.entries))
        await expect(page.locator(".why-not")).to_contain_text("cooling down")
        await expect(page.locator("#chart canvas")).to_be_visible()
        assert "token" not in page.url
        assert console.complaints == []
        assert 0 < console.transferred_bytes <= FIRST_LOAD_BYTES


async def test_a_change_arrives_without_reloading(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.open()
        await page.evaluate("window.sameDocument = true")
        view = console.view
        view.folded = msgspec.structs.replace(view.folded, incidents={})
        view.rule_readings = view.rule_readings[1:]
        view.split = type(view.split)({"blue": 90, "green": 10}, NOW_MS)
        view.append(finding(State.NO_DATA, None, NOW_MS), NOW_MS)
        view.bump()
        await expect(page.locator(".headline")).to_have_text("Safe")
        await expect(page.locator(".timeline li").first).to_contain_text("has no data")
        await expect(page.locator(".objectives tbody tr")).to_have_count(1)
        await expect(page.locator("svg.split")).to_have_attribute("aria-label", "blue 90 %, green 10 %")
        assert await page.evaluate("window.sameDocument")
        assert console.complaints == []


async def test_a_row_that_stays_is_the_same_element_so_that_focus_and_selection_survive(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.open()
        await page.evaluate("document.querySelector('.timeline li[data-key=\"4\"]').dataset.mine = 'kept'")
        await page.locator(".timeline").focus()
        await page.evaluate("window.row = document.querySelector('.timeline li[data-key=\"4\"]')")
        console.view.append(finding(State.NO_DATA, None, NOW_MS), NOW_MS)
        console.view.bump()
        await expect(page.locator(".timeline li").first).to_contain_text("has no data")
        assert await page.evaluate("window.row === document.querySelector('.timeline li[data-key=\"4\"]')")
        assert await page.evaluate("document.activeElement === document.querySelector('.timeline')")


@pytest.mark.parametrize("when", ["first", "live"])
async def test_a_hostile_name_is_text_and_never_runs(when: str, browser: Browser) -> None:
    view = bad_canary()
    if when == "first":
        view.append(Quarantined(source=XSS, message_id="m", why=XSS, size_bytes=1), NOW_MS)
    async with running_console(view, browser) as console:
        page = await console.open()
        if when == "live":
            view.append(Quarantined(source=XSS, message_id="m", why=XSS, size_bytes=1), NOW_MS)
            hostile = {"subject": XSS, "environment": "green"}
            view.rule_readings[0] = msgspec.structs.replace(view.rule_readings[0], key=hostile)
            view.bump()
            await expect(page.locator(".objectives tbody tr").first).to_contain_text("onerror")
        await expect(page.locator(".timeline li").first).to_contain_text("<img src=x")
        assert await page.locator("main img, main script").count() == 0
        assert await page.evaluate("window.hacked") is None
        assert console.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_needs_no_horizontal_scrolling(scheme: str, browser: Browser) -> None:
    waits = gate("payment-response-time-rollback", GateState.WAITING)
    async with running_console(bad_canary(), browser, running_at("watch-5", waits)) as console:
        page = await console.open(width=360, height=740, scheme=scheme, path=f"/console/deployments/{ID}")
        await expect(page.locator("#chart canvas")).to_be_visible()
        await expect(page.locator(".phases [aria-current]")).to_contain_text("traffic rollout")
        # A cell beside a long one must not be squeezed into a column of letters.
        assert await page.locator("#panel-deployment .gates .now").evaluate("cell => cell.clientWidth") > 200
        assert await no_horizontal_scroll(page)


async def test_a_stopped_stream_is_called_stale_and_comes_back(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.open()
        await page.route("**/console/stream?*", lambda route: route.abort())
        await page.clock.install()
        await page.evaluate("stream.close()")
        await page.clock.run_for(8000)
        live = page.locator("#live")
        await expect(live).to_have_attribute("data-state", "stale")
        await expect(live).to_have_text("Stale: no contact with the daemon")
        await page.unroute("**/console/stream?*")
        await expect(live).to_have_attribute("data-state", "live")


async def test_a_session_that_ended_leads_to_the_form(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.open()
        await page.context.clear_cookies()
        await page.clock.install()
        await page.evaluate("stream.close()")
        await page.clock.run_for(8000)
        await page.wait_for_url("**/console/login")


async def test_the_chart_leaves_a_gap_where_no_payment_was(browser: Browser) -> None:
    view = bad_canary()
    view.payments = [SecondOfPayments(NOW_MS // 1000 - age, "blue", 10, 0, 0) for age in (200, 199, 50, 49)]
    async with running_console(view, browser) as console:
        page = await console.open()
        await expect(page.locator("#chart canvas")).to_be_visible()
        blue = await page.evaluate("plot.data[1]")
        assert {value for value in blue if value is not None} == {100}
        assert blue.count(None) > 200


async def test_everything_is_reached_by_keyboard_and_the_form_signs_in(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.blank()
        await page.goto(f"{console.url}/console")
        await expect(page.locator("#token")).to_be_focused()
        await page.keyboard.type(token_of("viewer"))
        await page.keyboard.press("Enter")
        await page.wait_for_selector('#live[data-state="live"]')
        reached: list[str] = []
        for _ in range(6):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.className || document.activeElement.innerText"))
        assert reached == ["skip", "brand", "1 incident open, 1 critical", "Sign out", "Overview", "Incidents"]
        await page.get_by_role("button", name="Sign out").press("Enter")
        await page.wait_for_url("**/console/login")
        assert console.complaints == []


async def test_a_wrong_token_is_said_on_the_form(browser: Browser) -> None:
    async with running_console(bad_canary(), browser) as console:
        page = await console.blank()
        await page.goto(f"{console.url}/console")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("This token is not known here.")
        assert console.complaints == []


@pytest.mark.parametrize("width", [1440, 1300, 800, 390])
async def test_a_long_key_and_a_long_limit_widen_no_page(width: int, browser: Browser) -> None:
    view = bad_canary()
    burn = {"breach": "> 14.4 times the budget over 1 h and 5 min"}
    card = {"method_fingerprint": f"fp_{'a' * 64}"}
    shown = "1.2 times over 1 h, 100 % of the 30 d budget left"
    view.rule_readings = [reading("payment-failure-rate", State.BREACHED, card, shown, 1.2, **burn)]
    async with running_console(view, browser) as console:
        page = await console.open(width, path="/console/rules")
        await expect(page.locator(".rules").first).to_contain_text("30 d budget left")
        assert await no_horizontal_scroll(page)


async def test_what_only_watches_is_one_line_that_stays_as_the_reader_left_it(browser: Browser) -> None:
    view = bad_canary()
    async with running_console(view, browser) as console:
        page = await console.open(path="/console/rules")
        watched = page.locator("details.watched")
        await expect(watched.locator("summary")).to_contain_text("1 in shadow mode")
        await expect(watched.locator("tbody tr")).to_be_hidden()
        await watched.locator("summary").click()
        await expect(watched.locator("tbody tr")).to_be_visible()
        watching = {"breach": "> 30%", "mode": "shadow"}
        key = {"region": "us-east-1", "environment": "blue"}
        view.rule_readings = [
            *view.rule_readings,
            reading("decline-rate", State.BREACHED, key, "41 %", 0.41, **watching),
        ]
        view.bump()
        await expect(watched.locator("summary")).to_contain_text("Beyond a limit: 1 key of 1 rule.")
        await expect(watched.locator("tbody tr")).to_be_visible()
        await expect(page.locator(".standing")).to_have_text("1 incident open, 1 critical")
        assert console.complaints == []
