"""What ``/api/v1/costs`` answers: the bill, the month's savings by rail and cohort, and the reports that exist."""

from typing import Protocol

import msgspec

from daemon.costs.review import CostReview
from daemon.costs.source import next_month, utc_day
from daemon.reports.jobs import Job, ReportJobs
from daemon.reports.report import instant
from daemon.reports.savings import PAY_IN, Saving, savings_of
from daemon.reports.slots import slots_between
from daemon.reports.tally import Payouts, Tally
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

AHEAD_MS = 35 * 86_400_000
"""Every report has a slot in any five weeks."""


class ReportSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled report. written: its newest slot that is done; empty before the first. next: the one that comes.

    due: slots that are past and not written yet.
    """

    job: str
    written: str
    next: str = ""
    due: int = 0


class CostsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """bill: the AWS bill. savings: of this UTC month so far. measured: what the cost of a payment holds here.

    payouts: of the month, by the status that they came to; each payout is counted at each of its statuses.
    """

    bill: CostReview
    measured: str
    savings: tuple[Saving, ...]
    reports: tuple[ReportSlot, ...]
    payouts: tuple[Payouts, ...] = ()


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
        month = (today.replace(day=1).isoformat(), next_month(today).isoformat())
        written = self._writer.state.reports
        return CostsDocument(
            bill=await self._jobs.review(),
            measured=PAY_IN,
            savings=savings_of(await self._tally.captures(*month)),
            reports=tuple(self._slot(job, written.get(job.name, 0)) for job in self._jobs.jobs),
            payouts=tuple(await self._tally.payouts(*month)),
        )

    def _slot(self, job: Job, written_at_ms: int) -> ReportSlot:
        now_ms = self._clock.now_ms()
        coming = slots_between(job.moment, self._jobs.zone, now_ms, now_ms + AHEAD_MS)
        return ReportSlot(
            job=job.name,
            written=instant(written_at_ms) if written_at_ms else "",
            next=instant(coming[0]) if coming else "",
            due=len(self._jobs.due(job)),
        )
