"""Channels: a storm against a PagerDuty that keeps its published rules, an outage of it, and a page over a socket."""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import structlog

from config.settings import Settings
from daemon.channels.kinds.pagerduty import PagerDuty
from daemon.channels.opened import open_channels
from daemon.clock import SystemClock
from daemon.incidents.pager import Pager
from payment_core.loop import run_loop
from remediation.journal.entry import Entry
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.writer import JournalWriter
from tests.serving import serving
from tests.unit.daemon.channels.channel_world import Sending, reached_by, sending
from tests.unit.daemon.channels.fake_pagerduty import FakePagerDuty
from tests.unit.remediation.incidents.telling import breach

INCIDENTS = 1_000
SPAN_MS = 10_000
CRITICAL_EACH = 20
OUTAGE_SECONDS = 120
WAITING = 50
PAGES = 200
NAME = "pagerduty"
URL = "https://events.pagerduty.com"
LEASE_MS = 3_600_000


async def figures() -> dict[str, object]:
    """The storm and the outage in virtual time, the page in real time; what channels log is no figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return {**await _storm(), **await _outage(), **await _page()}


async def _opened() -> tuple[Sending, FakePagerDuty]:
    here = await sending({}, contacts=(NAME,))
    receiver = FakePagerDuty(here.world.scene.clock.now_ms)
    channel = PagerDuty(receiver, URL, "key")
    return await sending({NAME: channel}, contacts=(NAME,), per_minute=120, here=here.world), receiver


async def _storm() -> dict[str, object]:
    here, receiver = await _opened()
    clock, opened = here.world.scene.clock, dict[str, int]()
    for number in range(INCIDENTS):
        severity = "critical" if number % CRITICAL_EACH == 0 else "high"
        await here.world.say(breach(f"rule-{number}", severity, subject=f"part-{number}"))
        opened[f"inc-{here.world.state.sequence}"] = clock.at_ms
        here.world.later(SPAN_MS / INCIDENTS / 1000)
        if number % 20 == 0:
            await here.world.pager.tick()
            await here.step()
    await here.play(12, paging=True)
    await here.play(600)
    grave = [
        at_ms - opened[event["dedup_key"].partition(":")[0]]
        for at_ms, event in receiver.taken
        if event["payload"]["severity"] == "critical"
    ]
    told = set(receiver.told())
    return {
        "storm_pagerduty_incidents": INCIDENTS,
        "storm_pagerduty_never_told": sum(f"{incident_id}:1" not in told for incident_id in opened),
        "storm_pagerduty_told_twice": len(receiver.told()) - len(told),
        "storm_pagerduty_rules_broken": len(receiver.broken),
        "storm_pagerduty_limited": receiver.limited,
        "storm_pagerduty_most_in_a_minute": max(_minutes(receiver.tries)),
        "storm_pagerduty_critical": len(grave),
        "storm_pagerduty_critical_p95_seconds": round(percentile(grave, 95) / 1000, 2),
    }


async def _outage() -> dict[str, object]:
    here, receiver = await _opened()
    receiver.away = True
    for number in range(WAITING):
        await here.world.say(breach(f"rule-{number}", "critical", subject=f"part-{number}"))
        await here.world.pager.tick()
    await here.play(OUTAGE_SECONDS)
    order = [one.notice.dedup_key for one in here.waiting]
    receiver.away = False
    back_ms = here.world.scene.clock.at_ms
    await here.play(60)
    waits = [at_ms - back_ms for at_ms, _ in receiver.taken]
    return {
        "outage_notices": WAITING,
        "outage_seconds": OUTAGE_SECONDS,
        "outage_delivered": len(receiver.taken),
        "outage_in_order": receiver.told() == order,
        "outage_delivered_p95_seconds": round(percentile(waits, 95) / 1000, 2),
    }


async def _page() -> dict[str, object]:
    """From the finding, journaled on disk, to the request at the receiver; one at a time, all of them stay open."""
    clock, taken, recorded = SystemClock(), asyncio.Event(), asyncio.Event()

    def heard(entry: Entry) -> None:
        if entry.kind == "notice.sent":
            recorded.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
        await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        taken.set()
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()

    waits: list[float] = []
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(serve))
        via = {"kind": "pagerduty", "routing_key": "key", "url": f"http://127.0.0.1:{port}", "per_minute": 6000}
        settings = Settings.model_validate({"channels": {"via": {NAME: via}, "loopback_allowed": True}})
        journal = await SqliteJournal.open(Path(stack.enter_context(TemporaryDirectory())) / "journal.db")
        stack.push_async_callback(journal.close)
        lease = await journal.acquire_lease("bench", LEASE_MS, clock.now_ms())
        writer = await JournalWriter.open(journal, lease, clock)
        writer.heard_by(heard)
        escalation = reached_by(NAME)
        pager = Pager(writer, clock, lambda: escalation, tuple, _nothing)
        channels = await open_channels(stack, settings, writer, clock, lambda: escalation)
        if channels is None:
            raise RuntimeError("no channel was opened")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(channels.outbox.run(), name="outbox")
            for number in range(PAGES):
                taken.clear()
                recorded.clear()
                began = perf_counter()
                await writer.append(breach(f"rule-{number}", "critical", subject=f"part-{number}"))
                await pager.tick()
                await taken.wait()
                waits.append((perf_counter() - began) * 1000)
                await recorded.wait()
            running.cancel()
    return {
        "page_pages": PAGES,
        "page_p50_ms": round(percentile(waits, 50), 2),
        "page_p99_ms": round(percentile(waits, 99), 2),
    }


async def _nothing(_: object) -> None:
    """No action is asked for."""


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest of them in rank."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _minutes(tries: list[int]) -> list[int]:
    return [sum(at_ms <= one < at_ms + 60_000 for one in tries) for at_ms in tries]


if __name__ == "__main__":
    print(json.dumps(run_loop(figures()), indent=1))
