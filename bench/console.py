"""The console in a browser: its first load, how soon an update is seen, and how busy that keeps the page."""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from typing import cast

import msgspec
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from checks.findings import State
from daemon.http.app import create_app
from daemon.http.console.pages.table import PAGES
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from daemon.view.shape import SecondOfPayments
from tests.browser.console_server import CHROMIUM, QUIET_BROWSER, Console, RunningClock, running_app
from tests.unit.daemon.http.deploying import ID
from tests.unit.daemon.http.fake_view import FakeView
from tests.unit.daemon.http.full_house import full_house
from tests.unit.daemon.http.story import finding

OF = {
    "deployment": ID,
    "flag": "processor",
    "rule": "payment-failure-rate",
    "incident": "inc-4",
    "procedure": "payment-failures",
}
WATCH = """
window.seenAt = {};
new MutationObserver(() => {
  const first = document.querySelector('.timeline li');
  if (first && !(first.dataset.key in window.seenAt)) window.seenAt[first.dataset.key] = Date.now();
}).observe(document.getElementById('panel-timeline'), { childList: true, subtree: true, attributes: true });
"""
"""When the newest line of the journal is in the page; both clocks are this machine's."""


def percentile(values: list[float], share: float) -> float:
    """The value below which so large a share lies."""
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 1)


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Console, Page, CDPSession]]:
    """A console with something on every page, and a browser's page that is signed in."""
    with tempfile.TemporaryDirectory(prefix="tillwatch-bench-") as folder:
        view, told = await full_house(Path(folder), clock=RunningClock())
        app = create_app(view, cast("FactSink", None), cast("Quarantine", None), told)
        async with async_playwright() as playwright:
            browser: Browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(QUIET_BROWSER), env={**os.environ, "TZ": "UTC"}
            )
            async with running_app(app, view, browser) as console:
                page = await console.blank()
                await console.sign_in(page)
                yield console, page, await page.context.new_cdp_session(page)
            await browser.close()


async def first_loads(console: Console, page: Page, session: CDPSession) -> dict[str, float]:
    """Kilobytes over the wire of each page with an empty cache."""
    found: dict[str, float] = {}
    for one in PAGES:
        await session.send("Network.clearBrowserCache")
        console.transferred_bytes = 0
        await page.goto(f"{console.url}{one.path.replace('{of}', OF.get(one.name, ''))}", wait_until="load")
        await page.wait_for_selector('#live[data-state="live"]')
        found[one.name] = round(console.transferred_bytes / 1000, 1)
    return found


async def main_thread_seconds(session: CDPSession) -> dict[str, float]:
    """Seconds of a processor that the page's main thread has used, and for what."""
    told = await session.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in told["metrics"]}


def change(view: FakeView) -> int:
    """Something happens: an entry, a payment, a reading; returns the entry's sequence."""
    now_ms = view.now_ms()
    view.append(finding(State.BREACHED, 0.05, now_ms), now_ms)
    view.payments = [*view.payments[-600:], SecondOfPayments(now_ms // 1000, "blue", 20, 1, 0)]
    view.rule_readings[0] = msgspec.structs.replace(view.rule_readings[0], samples=view.rule_readings[0].samples + 1)
    view.bump()
    return len(view.entries)


async def updates(
    console: Console, page: Page, session: CDPSession, count: int, pause_seconds: float
) -> dict[str, float]:
    """Changes so far apart: from each until it is in the page, and the main thread's share of the time."""
    await page.goto(f"{console.url}/console", wait_until="load")
    await page.wait_for_selector('#live[data-state="live"]')
    await page.evaluate(WATCH)
    # In the thread's own time, so that what else runs on the machine is not counted.
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    loop, sent = asyncio.get_running_loop(), dict[int, float]()
    before, began = await main_thread_seconds(session), loop.time()
    due = began
    for _ in range(count):
        sent[change(console.view)] = time() * 1000
        due += pause_seconds
        await asyncio.sleep(max(0.0, due - loop.time()))
    after, took = await main_thread_seconds(session), loop.time() - began
    await asyncio.sleep(1.0)
    seen: dict[str, float] = await page.evaluate("window.seenAt")
    # A change that came together with the next is seen with it.
    at = [
        min((when for key, when in seen.items() if int(key) >= sequence), default=float("inf")) - sent_ms
        for sequence, sent_ms in sent.items()
    ]
    return {
        "updates": count,
        "seen_p50_ms": percentile(at, 0.5),
        "seen_p99_ms": percentile(at, 0.99),
        "main_thread_percent": round(100 * (after["TaskDuration"] - before["TaskDuration"]) / took, 1),
        "of_it_script_percent": round(100 * (after["ScriptDuration"] - before["ScriptDuration"]) / took, 1),
        "of_it_layout_percent": round(
            100 * sum(after[name] - before[name] for name in ("LayoutDuration", "RecalcStyleDuration")) / took, 1
        ),
    }


async def measure(count: int) -> dict[str, object]:
    """Everything, one after the other."""
    async with opened() as (console, page, session):
        loads = await first_loads(console, page, session)
        lone = await updates(console, page, session, max(20, count // 4), 0.5)
        busy = await updates(console, page, session, count, 0.1)
        load_average = os.getloadavg()[0]
    return {
        "first_load_kb": loads,
        "two_updates_a_second": lone,
        "ten_updates_a_second": busy,
        "load_average_of_machine": round(load_average, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.updates))))


if __name__ == "__main__":
    main()
