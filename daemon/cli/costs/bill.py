"""The AWS bill on the command line: from the daemon's book, or straight from a folder with cost exports."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from config.costs import CostSettings
from daemon.cli.output import Exit, errors, fail, plain
from daemon.clock import SystemClock
from daemon.costs.book import FILE, CostBook
from daemon.costs.exports import ExportFolder, Found, deliveries, read_delivery
from daemon.costs.figures import Variance
from daemon.costs.line import BillLine
from daemon.costs.review import CostReview, review_costs
from daemon.errors import CostsNotKept, NotUsable, Untranslatable
from daemon.reports.report import dollars, percent

DAYS_SHOWN = 14


class ServiceBill(msgspec.Struct, frozen=True, kw_only=True):
    """One service of the bill. lines: its newest days by usage. variance: None where nothing is expected of it."""

    service: str
    lines: tuple[BillLine, ...]
    month_microcents: int
    variance: Variance | None


class Bill:
    """A review and the lines that it is made from."""

    def __init__(self, review: CostReview, lines: Sequence[BillLine]) -> None:
        self.review = review
        self._lines = lines

    def service(self, name: str) -> ServiceBill | None:
        """A service by its name as the bill has it; None when the bill has none of this name."""
        lines = [line for line in self._lines if line.service == name]
        if not lines:
            return None
        days = sorted({line.day for line in lines})[-DAYS_SHOWN:]
        return ServiceBill(
            service=name,
            lines=tuple(line for line in lines if line.day in days),
            month_microcents=sum(one.month_microcents for one in self.review.services if one.service == name),
            variance=next((one for one in self.review.variances if one.service == name), None),
        )


def read_bill(data_dir: Path, exports: Path | None, settings: CostSettings, account_id: str) -> Bill | None:
    """The bill of the exports, or else of the daemon's book; None when there is neither.

    Ends the command with 2 for exports of which nothing can be used, and with 3 for a book that cannot be read.
    """
    if exports is not None and not exports.is_dir():
        fail(f"{exports}: there is no such folder. Name one that holds FOCUS exports.", Exit.BAD_INPUT)
    try:
        if exports is not None:
            return asyncio.run(_of_exports(exports, settings, account_id))
        path = data_dir / FILE
        return asyncio.run(_of_book(path, settings)) if path.is_file() else None
    except CostsNotKept as fault:
        fail(str(fault), Exit.WORLD_REFUSED)
    except NotUsable as fault:
        fail(str(fault), Exit.BAD_INPUT)


async def _of_book(path: Path, settings: CostSettings) -> Bill:
    book = await CostBook.open(path)
    try:
        return await _reviewed(book, settings)
    finally:
        await book.close()


async def _of_exports(folder: Path, settings: CostSettings, account_id: str) -> Bill:
    place, said = ExportFolder(folder), list[str]()
    with TemporaryDirectory(prefix="tillwatch-bill-") as scratch:
        book = await CostBook.open(Path(scratch) / FILE)
        try:
            for found in deliveries(await place.files()):
                said += await _take(book, place, found, account_id)
            bill = await _reviewed(book, settings)
        finally:
            await book.close()
    for text in said:
        errors.print(plain(f"left out: {text}"), style="yellow")
    if said and not bill.review.is_known:
        fail(f"{folder}: none of its rows can be used", Exit.BAD_INPUT)
    return bill


async def _take(book: CostBook, place: ExportFolder, found: Found, account_id: str) -> list[str]:
    """Take one delivery over; returns what of it had to be left out."""
    name = found.delivery.name
    try:
        export = await read_delivery(place, found, account_id)
    except Untranslatable as fault:
        return [fault.detail]
    await book.take_export(found.delivery, export.periods, export.bad_count)
    more = export.bad_count - len(export.bad)
    return [f"{row.file}:{row.line}: {row.what}" for row in export.bad] + (
        [f"{name}: {more} more rows"] if more else []
    )


async def _reviewed(book: CostBook, settings: CostSettings) -> Bill:
    review = await review_costs(book, settings, SystemClock().now_ms())
    return Bill(review, await book.usage("0000-00-00", "9999-99-99"))


def bill_lines(review: CostReview) -> Iterable[str]:
    """The bill in lines for people."""
    if not review.is_known:
        yield "AWS: the bill has no day of the last month, so nothing is known of what AWS costs"
        return
    month = review.month
    spent = dollars(month.spent_microcents)
    yield f"AWS in {month.month}: {spent} in {month.known_days} days up to {review.newest_day}"
    for service in review.services:
        yield f"  {service.service:<40} {dollars(service.month_microcents):>12}  from {service.origin}"
    if month.forecast_microcents is None:
        yield f"  no forecast: {month.why_not}"
    else:
        yield f"  forecast {dollars(month.forecast_microcents)}: {month.method}"
    if month.aws_microcents is not None:
        yield f"  AWS's own forecast {dollars(month.aws_microcents)}"
    if review.budget is not None:
        budget = review.budget
        reached = ", ".join(f"{one} %" for one in budget.reached) if budget.reached else "no threshold"
        used = percent(budget.used_basis_points)
        yield f"  budget {dollars(budget.budget_cents * 1_000_000)}: {used} used, {reached} reached"
    for one in review.variances:
        yield f"  {one.service} on {one.day}: {percent(one.variance_basis_points)} against {one.basis}"
    for advice in review.recommendations:
        yield f"  saves {dollars(advice.saving_cents * 1_000_000)} a month: {advice.title}, if {advice.condition}"
        yield f"      {advice.source}"
    if review.bad_rows:
        yield f"  {review.bad_rows} rows of the exports could not be used and are in no sum"
