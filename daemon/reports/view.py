"""What ``/api/v1/costs`` answers: the bill, the month's savings by rail and cohort, and the reports that exist."""

from typing import Protocol

import msgspec

from daemon.costs.review import CostReview
from daemon.costs.source import next_month, utc_day
from daemon.reports.jobs import ReportJobs
from daemon.reports.report import instant
from daemon.reports.savings import PAY_IN, Saving, savings_of
from daemon.reports.tally import Tally
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


class ReportSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled report. written: its newest slot that is done; empty before the first."""

    job: str
    written: str


class CostsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """bill: the AWS bill. savings: of this UTC month so far. measured: what the cost of a payment holds here."""

    bill: CostReview
    measured: str
    savings: tuple[Saving, ...]
    reports: tuple[ReportSlot, ...]


class CostsSource(Protocol):
    """Raises CostsNotKept and ReportNotWritten."""

    async def costs(self) -> CostsDocument:
        """As they are known now."""


class CostsView:
    """Puts the document together from the running daemon's parts."""

    def __init__(self, jobs: ReportJobs, tally: Tally, writer: JournalWriter, clock: Clock) -> None:
        self._jobs = jobs
        self._tally = tally
        self._writer = writer
        self._clock = clock

    async def costs(self) -> CostsDocument:
        """See CostsSource."""
        today = utc_day(self._clock.now_ms())
        captures = await self._tally.captures(today.replace(day=1).isoformat(), next_month(today).isoformat())
        written = self._writer.state.reports
        return CostsDocument(
            bill=await self._jobs.review(),
            measured=PAY_IN,
            savings=savings_of(captures),
            reports=tuple(
                ReportSlot(job=job.name, written=instant(written[job.name]) if job.name in written else "")
                for job in self._jobs.jobs
            ),
        )
