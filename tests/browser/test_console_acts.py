"""People act in a real browser: by keyboard, with a second person, only as what they are; hostile text stays text."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from config.settings import Role
from remediation.guardrails.approvals import ApprovalStatus, status_of
from remediation.journal.guardrail_kinds import AutomationStopped
from remediation.journal.incident_kinds import IncidentNoted
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.browser.console_server import Console, RunningClock, running_app
from tests.browser.test_console_pages import IN_THE_DARK, violations
from tests.unit.daemon.automation_world import world as automation_world
from tests.unit.daemon.flags.flag_house import flag_house
from tests.unit.daemon.http.console.acting import app_of, living_view
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.daemon.rollbacks.house import opened_house
from tests.unit.remediation.incidents.telling import breach
from tests.unit.remediation.worlds import NOW_MS, ROLLED_BACK

pytestmark = pytest.mark.asyncio(loop_scope="module")

XSS = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
WHY = "payments are slow"


@asynccontextmanager
async def console_over(
    browser: Browser, writer: JournalWriter, journal: MemoryJournal, **parts: object
) -> AsyncIterator[Console]:
    """The console over these parts; what they write is on the page at once."""
    view = living_view(writer, journal, NOW_MS)
    view.clock = clock = RunningClock()
    clock.begins_ms = NOW_MS
    writer.heard_by(lambda _: view.bump())
    async with running_app(app_of(view, **parts), view, browser) as console:
        yield console


async def incidents(*rules: str) -> World:
    here = await world()
    await here.say(breach(), *(breach(rule, "high", region="eu-west-1") for rule in rules))
    return here


async def act(page: Page, name: str, reason: str = WHY) -> None:
    """Press the button, give a reason where one is asked for, and say yes."""
    await page.locator(f'button[data-act="{name}"]').first.click()
    await expect(page.locator("dialog .act-preview")).to_be_visible()
    await page.locator("#act-reason").fill(reason)
    await page.locator("dialog button.confirm").click()
    await expect(page.locator("dialog [data-act-result]")).to_be_visible()


async def test_an_incident_is_acknowledged_by_keyboard_alone_in_two_keystrokes(browser: Browser) -> None:
    here = await incidents("payment-latency")
    async with console_over(browser, here.scene.writer, here.scene.journal, incidents=here.parts) as console:
        page = await console.open(role="operator")
        await page.keyboard.press("?")
        await expect(page.locator("dialog")).to_contain_text("acknowledge it")
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_be_hidden()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await expect(page.locator("[data-row]").first).to_be_focused()
        name = await page.locator("[data-row]").first.get_attribute("data-key")
        await page.keyboard.press("a")
        confirm = page.locator("dialog button.confirm")
        await expect(confirm).to_be_focused()
        await expect(page.locator("dialog .act-preview")).to_contain_text(f"{name} is yours, operator-ann")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Shift+Tab")
        await expect(confirm).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog [data-act-result=done]")).to_contain_text("taken on by operator-ann")
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog")).to_be_hidden()
        await expect(page.locator(f'[data-key="{name}"]')).to_contain_text("acknowledged")
        assert here.state.incidents[str(name)].acknowledged_by == "operator-ann"
        assert await page.evaluate("document.activeElement !== document.body")
        await page.locator(f'[data-key="{name}"]').focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/console/incidents/{name}")
        await act(page, "incident.note", "it is the rail")
        await page.keyboard.press("Escape")
        await expect(page.locator(".story li").first).to_contain_text("it is the rail")
        assert console.complaints == []


async def test_a_release_is_taken_back_completely_with_the_yes_of_a_second_person(
    browser: Browser, tmp_path: Path
) -> None:
    async with opened_house(tmp_path) as house:
        automation = (await automation_world()).automation
        object.__setattr__(automation, "_writer", house.writer)
        parts = {"rollbacks": house.parts, "automation": automation}
        async with console_over(browser, house.writer, house.journal, **parts) as console:
            first = await console.open(role="operator", path="/console/deployments")
            await first.locator('button[data-act="rollback.complete"]').click()
            preview = first.locator("dialog .act-preview")
            await expect(preview).to_contain_text("rolls 2.0.0 on green back to 1.0.0 on blue; now blue 50, green 50")
            await expect(preview).to_contain_text("another person has to approve it first")
            await expect(first.locator("dialog button.confirm")).to_have_text("Ask for approval")
            await first.locator("#act-reason").fill(WHY)
            await first.keyboard.press("Enter")
            await expect(first.locator("dialog")).to_contain_text("another person has to approve apr-")
            assert house.world.writes == []
            second = await console.open(role="approver", path="/console/deployments")
            await second.locator('button[data-act="approval.approve"]').click()
            await expect(second.locator("dialog .act-preview")).to_contain_text("complete rollback of 2.0.0 on green")
            await second.keyboard.press("Enter")
            await expect(second.locator("dialog [data-act-result=done]")).to_contain_text("is approved")
            (question,) = house.writer.state.approvals.values()
            assert status_of(question, NOW_MS) is ApprovalStatus.APPROVED
            assert (question.requested_by, question.given[0].by) == ("operator-ann", "approver-ann")
            await first.keyboard.press("Escape")
            await act(first, "rollback.complete")
            assert house.world.weights == ROLLED_BACK
            assert console.complaints == []


async def test_a_flag_is_killed_from_a_phone(browser: Browser) -> None:
    house = await flag_house()
    house.reports("core-1")
    async with console_over(browser, house.writer, house.journal, flags=house.parts) as console:
        page = await console.open(width=360, height=740, role="operator", path="/console/flags/payouts")
        await page.locator('button[data-act="flag.kill"]').click()
        await expect(page.locator("dialog .act-preview")).to_contain_text("off for everybody, its safe default")
        box = await page.locator("dialog").bounding_box()
        assert box is not None
        assert box["width"] <= 360
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.locator("#act-reason").fill(WHY)
        await page.locator("dialog button.confirm").click()
        await expect(page.locator("dialog [data-act-result=done]")).to_contain_text("payouts serves off")
        killed = house.parts.desk.book.of("payouts").killed
        assert killed is not None
        assert (killed.by, killed.reason) == ("operator-ann", WHY)
        assert console.complaints == []


async def test_axe_finds_nothing_in_a_dialog_a_form_with_fields_or_a_review(browser: Browser) -> None:
    here = await incidents("payment-latency")
    async with console_over(browser, here.scene.writer, here.scene.journal, incidents=here.parts) as console:
        page = await console.open(role="operator")
        await page.keyboard.press("a")
        await expect(page.locator("dialog button.confirm")).to_be_focused()
        assert await violations(page) == []
        await page.emulate_media(color_scheme="dark")
        assert await violations(page, IN_THE_DARK) == []
        for path in ("acts/silence.add?matchers=severity%3Dcritical", "incidents/inc-1/review"):
            await page.goto(f"{console.url}/console/{path}")
            assert await violations(page) == []


async def test_who_may_not_sees_a_dead_button_with_its_reason_and_a_forged_form_is_refused(browser: Browser) -> None:
    here = await incidents()
    async with console_over(browser, here.scene.writer, here.scene.journal, incidents=here.parts) as console:
        page = await console.open(role="viewer")
        button = page.locator('button[data-act="incident.ack"]').first
        await expect(button).to_be_disabled()
        await expect(button).to_have_attribute("title", "This needs the role operator; you are viewer")
        await page.keyboard.press("a")
        await expect(page.locator("dialog")).to_contain_text("This needs the role operator; you are viewer.")
        await expect(page.locator("dialog button.confirm")).to_be_disabled()
        status = await page.evaluate(
            """async () => {
                const form = document.querySelector("dialog [data-act-do]");
                const body = new URLSearchParams(new FormData(form));
                return (await fetch(form.action, { method: "POST", body })).status;
            }"""
        )
        assert status == 403
        assert here.state.incidents["inc-1"].acknowledged_by == ""


async def test_a_form_of_another_site_does_nothing_although_the_person_is_signed_in(browser: Browser) -> None:
    here = await incidents()
    async with console_over(browser, here.scene.writer, here.scene.journal, incidents=here.parts) as console:
        page = await console.open(role="operator")
        await page.keyboard.press("a")
        await expect(page.locator("dialog button.confirm")).to_be_focused()
        fields = await page.evaluate("[...new FormData(document.querySelector('[data-act-do]'))]")
        inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields)
        evil = f'<form method="post" action="{console.url}/console/acts/incident.ack">{inputs}</form>'
        # Another host of this machine is another site, as far as cookies and browsers are concerned.
        elsewhere = console.url.replace("127.0.0.1", "localhost")
        await page.route(f"{elsewhere}/evil", lambda route: route.fulfill(body=evil, content_type="text/html"))
        await page.goto(f"{elsewhere}/evil")
        await page.evaluate("document.forms[0].submit()")
        await page.wait_for_url("**/console/acts/incident.ack")
        assert re.search('"status":40[13]', await page.content())
        assert here.state.incidents["inc-1"].acknowledged_by == ""


async def test_hostile_text_in_names_titles_and_reasons_never_runs(browser: Browser) -> None:
    here = await world()
    await here.say(breach(XSS, environment=XSS))
    await here.say(IncidentNoted(incident_id="inc-1", note=XSS), by=XSS)
    stopped = await automation_world()
    await stopped.scene.writer.append(AutomationStopped(reason=XSS), XSS)
    parts = {"incidents": here.parts, "automation": stopped.automation}
    async with console_over(browser, here.scene.writer, here.scene.journal, **parts) as console:
        page = await console.open(role="operator")
        await expect(page.locator("[data-row]").first).to_contain_text("onerror")
        await page.keyboard.press("a")
        await page.locator("#act-reason").fill(XSS)
        await page.locator("dialog button.confirm").click()
        await expect(page.locator("dialog [data-act-result=done]")).to_be_visible()
        await page.goto(f"{console.url}/console/incidents/inc-1")
        await expect(page.locator(".story")).to_contain_text("<img src=x")
        await page.goto(f"{console.url}/console/acts/automation.resume")
        await expect(page.locator(".act-preview")).to_contain_text("<img src=x")
        await page.goto(f"{console.url}/console/acts/flag.kill?flag={XSS}")
        assert await page.locator("main img, main script, dialog img").count() == 0
        assert await page.evaluate("window.hacked") is None
        assert console.complaints == []


@pytest.mark.parametrize("role", ["operator"])
async def test_a_session_that_has_ended_acts_no_more_and_leads_back_to_the_page(browser: Browser, role: Role) -> None:
    here = await incidents()
    async with console_over(browser, here.scene.writer, here.scene.journal, incidents=here.parts) as console:
        page = await console.open(role=role)
        await page.keyboard.press("a")
        await expect(page.locator("dialog button.confirm")).to_be_focused()
        console.view.clock.now += 13 * 3_600_000
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog")).to_contain_text("Your session has ended, and nothing was done.")
        assert here.state.incidents["inc-1"].acknowledged_by == ""
        await page.locator("dialog a", has_text="Sign in").click()
        await page.wait_for_url("**/console/login**")
        await expect(page.locator("#token")).to_be_focused()
