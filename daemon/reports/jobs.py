"""The scheduled reports: whether a slot is done is a journal entry, so a restart neither repeats nor loses one."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import structlog

from config.costs import CostSettings
from config.reports import Moment, ReportSettings, moment_from
from daemon.costs.book import CostBook
from daemon.costs.figures import reached_thresholds
from daemon.costs.line import MILLION
from daemon.costs.recommendations import Measured
from daemon.costs.review import CostReview, complete_until, review_costs
from daemon.costs.source import day_ms, next_month, utc_day
from daemon.errors import DaemonError
from daemon.reports.performance import performance_report
from daemon.reports.report import Period, Report, as_json, as_markdown
from daemon.reports.savings import savings_report
from daemon.reports.security import security_report
from daemon.reports.slots import slots_between
from daemon.reports.tally import KEPT_DAYS, Tally
from daemon.reports.writing import ReportPlace
from remediation.errors import NotJournaled
from remediation.journal.kinds import BudgetReached, ReportWritten
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()

MISSED_MAX = 62
"""Slots that are made up for after an outage, the newest ones: two months of daily reports."""
PROCESSOR_DAYS = 14
"""Readings of processors that recommendations go by."""

DAILY_SAVINGS, WEEKLY_PERFORMANCE, MONTHLY_SECURITY = "daily-savings", "weekly-performance", "monthly-security"

LATE_DAYS = 5
"""A month's last days are complete on the second of the next one, and corrected in the days after."""

Make = Callable[[Period, int], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Job:
    """One report. moment: when it is due. period: what it is about, by the UTC day of the slot."""

    name: str
    moment: Moment
    period: Callable[[date], Period]
    make: Make


class ReportJobs:
    """Writes what is due; called at every tick, at the start among them."""

    def __init__(
        self,
        tally: Tally,
        book: CostBook,
        place: ReportPlace,
        writer: JournalWriter,
        clock: Clock,
        costs: CostSettings,
        settings: ReportSettings,
    ) -> None:
        self._tally = tally
        self._book = book
        self._place = place
        self._writer = writer
        self._clock = clock
        self._costs = costs
        self._zone = ZoneInfo(settings.zone)
        self.jobs = (
            Job(DAILY_SAVINGS, moment_from(settings.daily_savings), day_before, self._savings),
            Job(WEEKLY_PERFORMANCE, moment_from(settings.weekly_performance), week_before, self._performance),
            Job(MONTHLY_SECURITY, moment_from(settings.monthly_security), month_before, self._security),
        )

    @property
    def zone(self) -> ZoneInfo:
        """In which the moments are meant."""
        return self._zone

    async def run_due(self) -> int:
        """Write every report that is due and not written; returns how many. What failed stays due."""
        written = 0
        for job in self.jobs:
            for slot_ms in self.due(job):
                if not await self._try(job, slot_ms):
                    break
                written += 1
        return written

    def due(self, job: Job) -> list[int]:
        """Slots since the last one that the journal has, or since a daemon first led; oldest first."""
        state = self._writer.state
        since_ms = state.reports.get(job.name, state.first_started_at_ms)
        if since_ms == 0:
            return []
        return slots_between(job.moment, self._zone, since_ms, self._clock.now_ms())[-MISSED_MAX:]

    async def count(self) -> None:
        """Take into the sums what was recorded since; a full disk costs a log line, and is tried again."""
        try:
            await self._tally.catch_up()
        except DaemonError as fault:
            log.error("facts not counted for reports", action="tally_failed", fault=str(fault))

    async def watch_budget(self) -> None:
        """Tell the journal of each threshold of the month's budget, once."""
        if self._costs.monthly_budget_cents == 0:
            return
        try:
            for first in self._budget_months():
                await self._tell_budget(first)
        except (DaemonError, NotJournaled) as fault:
            log.error("budget not looked at", action="budget_failed", fault=str(fault))

    async def review(self) -> CostReview:
        """The bill as it is known now. Raises CostsNotKept and ReportNotWritten."""
        now_ms = self._clock.now_ms()
        first_day = (utc_day(now_ms) - timedelta(days=PROCESSOR_DAYS)).isoformat()
        cpu, cpu_days = await self._tally.processors(first_day)
        consumed, consumed_days = await self._tally.consumed(first_day)
        measured = Measured(cpu=cpu, cpu_days=cpu_days, consumed=consumed, consumed_days=consumed_days)
        return await review_costs(self._book, self._costs, now_ms, measured)

    def _budget_months(self) -> list[date]:
        """First days of the months whose bill may still grow: of the one before, its last days come late."""
        first = utc_day(self._clock.now_ms()).replace(day=1)
        before = (first - timedelta(days=1)).replace(day=1)
        return [before, first] if utc_day(self._clock.now_ms()).day <= LATE_DAYS else [first]

    async def _tell_budget(self, first: date) -> None:
        until = min(next_month(first).isoformat(), complete_until(utc_day(self._clock.now_ms())))
        spent = sum(one.amount_microcents for one in await self._book.days(first.isoformat(), until))
        month, budget_cents = f"{first:%Y-%m}", self._costs.monthly_budget_cents
        for percent in reached_thresholds(spent, budget_cents, self._costs.thresholds_percent):
            if (month, percent) not in self._writer.state.budgets:
                await self._writer.append(
                    BudgetReached(
                        month=month,
                        threshold_percent=percent,
                        spent_cents=spent // MILLION,
                        budget_cents=budget_cents,
                    )
                )

    async def _try(self, job: Job, slot_ms: int) -> bool:
        try:
            await self._write(job, slot_ms)
        except (DaemonError, NotJournaled) as fault:
            log.error("report not written", action="report_failed", job=job.name, slot_ms=slot_ms, fault=str(fault))
            return False
        return True

    async def _write(self, job: Job, slot_ms: int) -> None:
        """Files first, then the entry: a crash in between writes the same files once more, and one entry."""
        await self._tally.catch_up()
        period = job.period(utc_day(slot_ms))
        report = await job.make(period, slot_ms)
        name = f"{job.name}-{utc_day(slot_ms).isoformat()}"
        content = as_json(report, job.name, slot_ms)
        await self._place.write(f"{name}.json", content, "application/json")
        place = await self._place.write(f"{name}.md", as_markdown(report, slot_ms), "text/markdown; charset=utf-8")
        await self._tally.prune((utc_day(slot_ms) - timedelta(days=KEPT_DAYS)).isoformat())
        await self._writer.append(
            ReportWritten(
                job=job.name,
                slot_ms=slot_ms,
                first_day=period.first_day,
                until_day=period.until_day,
                place=place,
                sha256=hashlib.sha256(content).hexdigest(),
                summary=report.summary,
            )
        )
        log.info("report written", action="report_written", job=job.name, place=place)

    async def _savings(self, period: Period, slot_ms: int) -> Report:
        del slot_ms
        captures = await self._tally.captures(period.first_day, period.until_day)
        return savings_report(captures, await self.review(), period)

    async def _performance(self, period: Period, slot_ms: int) -> Report:
        del slot_ms
        state = self._writer.state
        return performance_report(
            await self._tally.attempts(period.first_day, period.until_day),
            state.incidents.values(),
            state.actions.values(),
            period,
            day_ms(period.first_day),
            day_ms(period.until_day),
        )

    async def _security(self, period: Period, slot_ms: int) -> Report:
        since_ms = day_ms(period.first_day)
        findings = await self._tally.findings(since_ms)
        # A scan looks at what is: what the probes said last is held against the time of the scan, not of its slot.
        now_ms = max(slot_ms, self._clock.now_ms())
        drills = self._writer.state.drills
        return security_report(findings, await self._tally.health(), period, since_ms, now_ms, drills)


def day_before(day: date) -> Period:
    """The UTC day before."""
    return Period((day - timedelta(days=1)).isoformat(), day.isoformat())


def week_before(day: date) -> Period:
    """The seven UTC days before."""
    return Period((day - timedelta(days=7)).isoformat(), day.isoformat())


def month_before(day: date) -> Period:
    """The calendar month before."""
    first = day.replace(day=1)
    return Period((first - timedelta(days=1)).replace(day=1).isoformat(), first.isoformat())
