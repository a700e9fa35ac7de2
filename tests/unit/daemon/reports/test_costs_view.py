"""What the costs say of payouts and reports: each payout once for each of its statuses, each report with its next."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.facts import Payout
from daemon.costs.source import day_ms
from daemon.reports.jobs import DAILY_SAVINGS, ReportJobs
from daemon.reports.view import CostsView
from remediation.journal.writer import JournalWriter
from tests.unit.daemon.reports.test_jobs import SLOT_MS, STARTED_MS, World

SENT = Payout(id="p1", at_ms=STARTED_MS, subject="po_1", rail="ach", status="submitted", amount_cents=12_000)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.open()
    yield made
    await made.close()


async def view_of(world: World, jobs: ReportJobs) -> CostsView:
    lease = await world.journal.acquire_lease("here", 10**9, world.clock.now_ms())
    writer = await JournalWriter.open(world.journal, lease, world.clock)
    return CostsView(jobs, world.tally, writer, world.clock)


async def test_payouts_of_the_month_are_counted_by_what_became_of_them(world: World) -> None:
    jobs = await world.start()
    await world.record(
        replace(SENT, id="p0", status="requested"),
        SENT,
        replace(SENT, id="p2", subject="po_2", amount_cents=8_000),
        replace(SENT, id="p3", subject="po_0", at_ms=day_ms("2026-10-31")),
    )
    await world.tally.catch_up()
    await world.tally.catch_up()
    payouts = (await (await view_of(world, jobs)).costs()).payouts
    assert [(one.status, one.payouts, one.amount_cents) for one in payouts] == [
        ("requested", 1, 12_000),
        ("submitted", 2, 20_000),
    ]


async def test_a_report_says_when_it_comes_and_whether_a_slot_of_it_waits(world: World) -> None:
    jobs = await world.start()
    (daily, *_) = (await (await view_of(world, jobs)).costs()).reports
    assert (daily.job, daily.written, daily.next, daily.due) == (DAILY_SAVINGS, "", "2026-11-09T12:00:00Z", 0)
    world.clock.now = SLOT_MS + 60_000
    (daily, *_) = (await (await view_of(world, jobs)).costs()).reports
    assert (daily.next, daily.due) == ("2026-11-10T12:00:00Z", 1)


async def test_a_report_that_is_written_waits_no_more(world: World) -> None:
    jobs = await world.start()
    world.clock.now = SLOT_MS + 60_000
    await jobs.run_due()
    (daily, *_) = (await (await view_of(world, jobs)).costs()).reports
    assert (daily.written, daily.due) == ("2026-11-09T12:00:00Z", 0)
