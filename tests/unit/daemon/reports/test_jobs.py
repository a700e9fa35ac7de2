"""Reports: every slot once, over restarts and faults; and none of them takes missing facts for good ones."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from checks.facts import Fact, HealthProbed, MetricSampled, PaymentAttempted, PaymentCaptured, SecurityFinding
from config.costs import CostSettings
from config.reports import ReportSettings
from daemon.costs.book import CostBook
from daemon.costs.source import day_ms
from daemon.errors import ReportNotWritten
from daemon.reports.jobs import DAILY_SAVINGS, ReportJobs
from daemon.reports.tally import Tally
from daemon.reports.writing import ReportFolder
from daemon.storage.checkpoint import Checkpoint
from remediation.errors import JournalFailed
from remediation.journal.entry import Draft, Entry
from remediation.journal.kinds import BudgetReached, DaemonStarted, ReportWritten, body_of
from remediation.journal.memory import MemoryJournal
from remediation.journal.procedure_kinds import ContinuityMeasured
from remediation.journal.writer import JournalWriter
from tests.unit.daemon.costs.bills import line

STARTED_MS = day_ms("2026-11-09") + 11 * 3_600_000  # 06:00 in New York
SLOT_MS = day_ms("2026-11-09") + 12 * 3_600_000
DAY_MS = 86_400_000
CENT = 1_000_000


class TurnedClock:
    """Stands until the test turns it."""

    def __init__(self) -> None:
        self.now = STARTED_MS

    def now_ms(self) -> int:
        return self.now

    def monotonic_ms(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


class FailingPlace:
    """A folder that refuses as often as is said."""

    def __init__(self, folder: Path) -> None:
        self.folder = ReportFolder(folder)
        self.refusals = 0

    async def write(self, name: str, content: bytes, content_type: str) -> str:
        if self.refusals:
            self.refusals -= 1
            raise ReportNotWritten("full")
        return await self.folder.write(name, content, content_type)


class RefusingJournal(MemoryJournal):
    """A journal whose disk fails for the entries of reports, while that is said."""

    refuses_reports = False

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        if self.refuses_reports and draft.kind == "report.written":
            raise JournalFailed("disk")
        return await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)


class World:
    """Files, journal and clock that outlive a daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = TurnedClock()
        self.journal = RefusingJournal()
        self.place = FailingPlace(folder / "reports")
        self.checkpoint: Checkpoint
        self.book: CostBook
        self.tally: Tally

    async def open(self) -> None:
        self.checkpoint = await Checkpoint.open(self.folder / "checkpoint.db", 10 * DAY_MS)
        await self.checkpoint.restore(self.clock.now_ms())
        self.book = await CostBook.open(self.folder / "costs.db")
        self.tally = await Tally.open(self.folder / "reports.db", self.checkpoint)

    async def close(self) -> None:
        for part in (self.tally, self.book, self.checkpoint):
            await part.close()

    async def start(self, *, budget_cents: int = 0) -> ReportJobs:
        """A daemon takes the lease."""
        lease = await self.journal.acquire_lease("here", 10**9, self.clock.now_ms())
        writer = await JournalWriter.open(self.journal, lease, self.clock)
        await writer.append(DaemonStarted(version="1", holder="here"))
        costs = CostSettings(monthly_budget_cents=budget_cents)
        return ReportJobs(self.tally, self.book, self.place, writer, self.clock, costs, ReportSettings())

    async def record(self, *facts: Fact) -> None:
        await self.checkpoint.record(facts, "test", self.clock.now_ms())

    async def entries(self) -> list[ReportWritten]:
        bodies = [body_of(entry) for entry in await self.journal.read(0, 1000)]
        return [body for body in bodies if isinstance(body, ReportWritten)]

    def content(self, name: str) -> dict[str, object]:
        read: dict[str, object] = msgspec.json.decode((self.folder / "reports" / f"{name}.json").read_bytes())
        return read

    def markdown(self, name: str) -> str:
        return (self.folder / "reports" / f"{name}.md").read_text("utf-8")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.open()
    yield made
    await made.close()


def capture(number: int, *, rail: str = "ach", day: str = "2026-11-08", baseline: str = "stripe") -> PaymentCaptured:
    return PaymentCaptured(
        id=f"c{number}",
        at_ms=day_ms(day) + number,
        subject=f"c{number}",
        rail=rail,  # type: ignore[arg-type]  # a test's shorthand
        amount_cents=10_000,
        cost_microcents=5 * CENT,
        baseline_microcents=345 * CENT if baseline else 0,
        baseline=baseline,
        cohort="$100 to $250",
    )


def slots(entries: Sequence[ReportWritten], job: str = DAILY_SAVINGS) -> list[int]:
    return [entry.slot_ms for entry in entries if entry.job == job]


async def test_nothing_is_due_before_the_first_slot(world: World) -> None:
    jobs = await world.start()
    assert await jobs.run_due() == 0
    world.clock.now = SLOT_MS - 1
    assert await jobs.run_due() == 0
    world.clock.now = SLOT_MS
    assert await jobs.run_due() == 1


async def test_a_restart_neither_repeats_nor_loses_a_slot(world: World) -> None:
    await world.start()  # it dies before the slot
    world.clock.now = SLOT_MS + 1
    assert await (await world.start()).run_due() == 1
    assert await (await world.start()).run_due() == 0
    world.clock.now = SLOT_MS + 3 * DAY_MS + 1
    assert await (await world.start()).run_due() == 4  # three days, and a Monday's review an hour after the first slot
    assert slots(await world.entries()) == [SLOT_MS + day * DAY_MS for day in range(4)]
    assert len(slots(await world.entries(), "weekly-performance")) == 1


async def test_a_report_that_cannot_be_written_stays_due_and_is_in_the_journal_only_when_it_is_there(
    world: World,
) -> None:
    jobs = await world.start()
    world.clock.now, world.place.refusals = SLOT_MS, 1
    assert await jobs.run_due() == 0
    assert await world.entries() == []
    assert await jobs.run_due() == 1
    (entry,) = await world.entries()
    assert world.markdown(Path(entry.place).stem).startswith("# Daily savings")


async def test_a_crash_between_files_and_entry_writes_the_same_files_again_and_one_entry(world: World) -> None:
    jobs = await world.start()
    await world.record(capture(1))
    world.clock.now = SLOT_MS
    world.journal.refuses_reports = True
    assert await jobs.run_due() == 0
    world.journal.refuses_reports = False
    before = world.content("daily-savings-2026-11-09")
    assert await world.entries() == []
    assert await (await world.start()).run_due() == 1
    assert world.content("daily-savings-2026-11-09") == before
    assert len(await world.entries()) == 1


async def test_the_savings_report_names_baseline_rail_and_cohort_and_counts_each_capture_once(world: World) -> None:
    jobs = await world.start()
    await world.record(capture(1), capture(2), capture(3, rail="card"), capture(4, day="2026-11-09"))
    await jobs.count()
    await world.record(capture(1), capture(5, baseline=""))
    world.clock.now = SLOT_MS
    await jobs.run_due()
    content = msgspec.convert(world.content("daily-savings-2026-11-09")["content"], dict[str, object])
    rows = msgspec.convert(content["savings"], list[dict[str, object]])
    assert [(row["rail"], row["baseline"], row["captures"], row["saving_basis_points"]) for row in rows] == [
        ("ach", "", 1, None),
        ("ach", "stripe", 2, 9855),
        ("card", "stripe", 1, 9855),
    ]
    (entry,) = await world.entries()
    assert entry.summary.startswith("3 captures saved 98.55 % against stripe")
    text = world.markdown("daily-savings-2026-11-09")
    assert "| ach | $100 to $250 | 2 | $200.00 | 5.000 c | 98.55 % | stripe |" in text
    assert "No bill was read, so nothing is known of what AWS costs." in text


async def test_a_day_without_payments_saved_nothing_known(world: World) -> None:
    jobs = await world.start()
    world.clock.now = SLOT_MS
    await jobs.run_due()
    (entry,) = await world.entries()
    assert entry.summary == "No payment with a baseline was captured, so no saving is known."


async def test_counting_goes_on_where_it_stopped_and_begins_anew_with_another_log(world: World) -> None:
    jobs = await world.start()
    await world.record(capture(1))
    await jobs.count()
    await world.close()
    await world.open()
    await world.record(capture(2))
    assert await world.tally.catch_up() == 1
    assert sum(one.captures for one in await world.tally.captures("2026-11-01", "2026-12-01")) == 2
    await world.close()
    (world.folder / "checkpoint.db").unlink()
    await world.open()
    await world.record(capture(3))
    assert await world.tally.catch_up() == 1


async def test_the_bill_stands_beside_the_payments_with_its_forecast_and_budget(world: World) -> None:
    jobs = await world.start(budget_cents=1_000)
    days = [line(f"2026-11-{day:02d}", 100 * CENT) for day in range(1, 8)]
    await world.book.take_days(days, "2026-11-01", "2026-11-09")
    await jobs.watch_budget()
    await jobs.watch_budget()
    world.clock.now = SLOT_MS
    await jobs.run_due()
    text = world.markdown("daily-savings-2026-11-09")
    assert "2026-11 so far: $7.00 in 7 days." in text
    assert "Forecast of the month: $30.00" in text
    assert "Budget $10.00: 70.00 % used; thresholds reached: 50 %." in text
    reached = [body_of(entry) for entry in await world.journal.read(0, 100) if entry.kind == "budget.reached"]
    assert reached == [BudgetReached(month="2026-11", threshold_percent=50, spent_cents=700, budget_cents=1_000)]


async def test_what_the_last_day_of_a_month_reached_is_told_when_that_day_is_known(world: World) -> None:
    jobs = await world.start(budget_cents=1_000)
    world.clock.now = day_ms("2026-12-01")
    days = [line(f"2026-11-{day:02d}", 49 * CENT) for day in range(21, 31)] + [line("2026-11-30", 60 * CENT, "KMS")]
    await world.book.take_days(days, "2026-11-01", "2026-12-01")
    await jobs.watch_budget()
    assert [one for one in await world.journal.read(0, 100) if one.kind == "budget.reached"] == []
    world.clock.now = day_ms("2026-12-02")
    await (await world.start(budget_cents=1_000)).watch_budget()
    (entry,) = [body_of(one) for one in await world.journal.read(0, 100) if one.kind == "budget.reached"]
    assert entry == BudgetReached(month="2026-11", threshold_percent=50, spent_cents=550, budget_cents=1_000)
    world.clock.now = day_ms("2026-12-06")
    await world.book.take_days([*days, line("2026-11-30", 900 * CENT, "SQS")], "2026-11-01", "2026-12-01")
    await (await world.start(budget_cents=1_000)).watch_budget()
    assert len([one for one in await world.journal.read(0, 100) if one.kind == "budget.reached"]) == 1


async def test_the_weekly_review_counts_attempts_and_rounds_no_fault_away(world: World) -> None:
    jobs = await world.start()
    attempts = [
        PaymentAttempted(
            id=f"p{number}",
            at_ms=day_ms("2026-11-05") + number,
            subject=f"p{number}",
            rail="card",
            outcome="failed" if number == 0 else "succeeded",
            amount_cents=100,
            latency_ms=2_500.0 if number < 3 else 100.0,
        )
        for number in range(300)
    ]
    await world.record(*attempts)
    world.clock.now = SLOT_MS + 2 * 3_600_000
    await jobs.run_due()
    text = world.markdown("weekly-performance-2026-11-09")
    assert "300 attempts, 0.34 % failed; 0 incidents, 0 actions." in text
    assert "| card | 300 | 299 | 0 | 1 | 99.66 % | 1.00 % | 0.00 % | 124 ms |" in text


@pytest.mark.parametrize(
    ("status", "severity", "resolved", "verdict"),
    [
        ("healthy", "critical", True, "passed"),
        ("healthy", "critical", False, "failed"),
        ("healthy", "low", False, "passed"),
        ("unhealthy", "low", True, "failed"),
        ("", "low", True, "unknown"),
    ],
)
async def test_the_security_scan_passes_only_when_everything_was_seen(
    world: World, status: str, severity: str, resolved: bool, verdict: str
) -> None:
    jobs = await world.start()
    world.clock.now = day_ms("2026-12-01") + 14 * 3_600_000
    probes = [
        HealthProbed(id=name, at_ms=world.clock.now - 60_000, subject=name, status=status)  # type: ignore[arg-type]  # a test's shorthand
        for name in ("compliance", "encryption", "fraud-detector")
        if status
    ]
    finding = SecurityFinding(
        id="f",
        at_ms=day_ms("2026-11-20"),
        subject="arn:finding",
        source="guardduty",
        severity=severity,  # type: ignore[arg-type]  # a test's shorthand
        title="a | b",
        resolved=resolved,
    )
    await world.record(finding, *probes)
    await jobs.run_due()
    content = msgspec.convert(world.content("monthly-security-2026-12-01")["content"], dict[str, object])
    assert content["verdict"] == verdict
    assert ("a \\| b" in world.markdown("monthly-security-2026-12-01")) is not resolved


async def test_the_security_scan_says_when_the_continuity_plan_was_last_drilled(world: World) -> None:
    jobs = await world.start()
    drill = ContinuityMeasured(
        drill_id="one", scenario="region-loss", recovery_ms=13_000, objective_ms=300_000, lost_events=0,
        lost_payments=0, balanced=True, met=True, sha256="0" * 64, place="x.json", said_at_ms=day_ms("2026-11-20"),
    )  # fmt: skip
    world.clock.now = day_ms("2026-12-01") + 14 * 3_600_000
    await jobs.run_due()
    assert "None is on record: `tillwatch sop run business-continuity`." in world.markdown(
        "monthly-security-2026-12-01"
    )
    await jobs._writer.append(replace(drill, met=False, recovery_ms=None), "ann")
    await jobs._writer.append(replace(drill, drill_id="two"), "ann")
    await jobs._writer.append(replace(drill, drill_id="three", scenario="core-outage", recovery_ms=None), "ann")
    world.clock.now = day_ms("2027-01-01") + 15 * 3_600_000
    await jobs.run_due()
    text = world.markdown("monthly-security-2027-01-01")
    assert "| region-loss | 2026-11-20T00:00:00Z | 13 s | 300 s | 0 payments, 0 events | kept |" in text
    assert "| core-outage | 2026-11-20T00:00:00Z | never |" in text
    assert "not kept" not in text


async def test_the_busiest_reading_of_each_service_is_kept(world: World) -> None:
    readings = [
        MetricSampled(
            id=f"m{value}",
            at_ms=day_ms("2026-11-05"),
            subject="CPUUtilization",
            namespace="AWS/ECS",
            metric="CPUUtilization",
            statistic="Maximum",
            value=value,
            period_seconds=60,
            dimensions="ServiceName=core",
        )
        for value in (10.0, 30.0, 20.0)
    ]
    await world.record(*readings)
    await world.tally.catch_up()
    assert await world.tally.processors("2026-11-01") == ({"ServiceName=core": 30.0}, 1)


WRITES = "ConsumedWriteCapacityUnits"


async def test_units_that_tables_used_are_summed_by_day_and_the_busiest_day_is_told(world: World) -> None:
    def used(
        day: int, value: float, metric: str = "ConsumedWriteCapacityUnits", statistic: str = "Sum"
    ) -> MetricSampled:
        return MetricSampled(
            id=f"{day}-{value}-{metric}-{statistic}",
            at_ms=day_ms(f"2026-11-{day:02d}"),
            subject=metric,
            namespace="AWS/DynamoDB",
            metric=metric,
            statistic=statistic,
            value=value,
            period_seconds=60,
            dimensions="TableName=till",
        )

    assert await world.tally.consumed("2026-11-01") == ({}, 0)
    reads = [used(4, 0.5, "ConsumedReadCapacityUnits"), used(5, 7.0, "ConsumedReadCapacityUnits")]
    other = [used(5, 900.0, statistic="Average"), used(5, 900.0, "ThrottledRequests")]
    await world.record(used(4, 10.0), used(4, 5.5), used(5, 12.0), used(6, 1.0), *reads, *other)
    await world.tally.catch_up()
    assert await world.tally.consumed("2026-11-01") == ({"Write": 16, "Read": 7}, 2)
    assert await world.tally.consumed("2026-11-06") == ({"Write": 1}, 1)
    await world.tally.prune("2026-11-06")
    assert await world.tally.consumed("2026-11-01") == ({"Write": 1}, 1)
