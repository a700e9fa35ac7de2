"""The bill, the tally and the scheduled reports, opened for a running daemon."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from daemon.aws.session import AwsClients
from daemon.costs.book import FILE as COSTS_FILE
from daemon.costs.book import CostBook
from daemon.costs.opened import S3, open_bill, open_bucket
from daemon.costs.source import BillSource
from daemon.reports.jobs import ReportJobs
from daemon.reports.tally import FILE as TALLY_FILE
from daemon.reports.tally import Tally
from daemon.reports.view import CostsView
from daemon.reports.writing import ReportBucket, ReportFolder, ReportPlace
from daemon.sources.sink import FactSink
from daemon.storage.fact_log import FollowedLog
from daemon.storage.quarantine import Quarantine
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


@dataclass(frozen=True, slots=True)
class Reporting:
    """bill: the source that reads it, or none. jobs: the reports. view: what is asked over HTTP."""

    bill: tuple[BillSource, ...]
    jobs: ReportJobs
    view: CostsView


async def open_reporting(
    stack: AsyncExitStack,
    settings: Settings,
    clients: AwsClients,
    log: FollowedLog,
    sink: FactSink,
    quarantine: Quarantine,
    writer: JournalWriter,
    clock: Clock,
) -> Reporting:
    """Open the files in the data directory; they are closed when the stack is. Raises DaemonError."""
    book = await CostBook.open(settings.data_dir / COSTS_FILE)
    stack.push_async_callback(book.close)
    tally = await Tally.open(settings.data_dir / TALLY_FILE, log)
    stack.push_async_callback(tally.close)
    place = await _open_place(stack, settings, clients)
    jobs = ReportJobs(tally, book, place, writer, clock, settings.costs, settings.reports)
    bill = await open_bill(stack, settings, clients, book, sink, quarantine, clock)
    return Reporting(bill, jobs, CostsView(jobs, tally, writer, clock))


async def _open_place(stack: AsyncExitStack, settings: Settings, clients: AwsClients) -> ReportPlace:
    place = settings.reports.place
    if place.startswith(S3):
        return ReportBucket(await open_bucket(stack, place, clients))
    return ReportFolder(settings.data_dir / "reports" if place == "" else Path(place))
