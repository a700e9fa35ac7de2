"""``tillwatch costs``: what payments cost, by component, from what was measured and the price sheets in force."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError
from daemon.amounts import money
from daemon.cli.core.store import Books, Database, EndpointUrl, Region, Store, Table, asked, store_options
from daemon.cli.costs.bill import Bill, ServiceBill, bill_lines, read_bill
from daemon.cli.costs.savings import simulate_command
from daemon.cli.options import DataDir, Json, directory_with
from daemon.cli.output import Exit, fail, print_json, say
from daemon.reports.report import percent
from payment_core.costs.breakdown import FORMULA, MICROCENTS_PER_CENT, Breakdown, per_hundred_dollars
from payment_core.costs.reading import CostReader
from payment_core.costs.report import CostReport, Line
from payment_core.options import CoreOptions
from payment_core.payments.model import Payment

T = TypeVar("T")

costs_app = typer.Typer(no_args_is_help=True, help="What payments cost: explain one, report all, simulate others.")
costs_app.command("simulate")(simulate_command)

Config = Annotated[Path | None, directory_with("prices.yaml and the budget")]
Exports = Annotated[
    Path | None,
    typer.Option(help="Directory with FOCUS exports to read the AWS bill from, instead of the daemon's book."),
]


@costs_app.command("explain")
def explain_command(
    payment: Annotated[str, typer.Argument(help="Id of the payment; with --service the name of an AWS service.")],
    *,
    service: Annotated[bool, typer.Option("--service", help="Explain an AWS service of the bill instead.")] = False,
    exports: Exports = None,
    data_dir: DataDir = Path("data"),
    database: Database = None,
    store: Store = "sqlite",
    table: Table = "",
    endpoint_url: EndpointUrl = "",
    region: Region = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show every component of one payment's cost with its price and source; exit 1 when there is no such payment.

    With --service: what an AWS service cost, by day and usage; exit 1 when the bill has no such service.
    """
    configuration = _configuration(config)
    if service:
        _explain_service(payment, _bill(configuration, data_dir, exports), as_json=as_json)
        return

    async def look(books: Books, reader: CostReader) -> Breakdown | None:
        found = await books.read(Payment, payment)
        return None if found is None else await reader.breakdown(found)

    options = store_options(
        store, data_dir=data_dir, database=database, table=table, endpoint_url=endpoint_url, region=region
    )
    breakdown = _priced(options, configuration, look)
    if breakdown is None:
        fail(f"{payment}: there is no payment with this id", Exit.NO)
    if as_json:
        print_json(_explained(breakdown))
        return
    say(f"{breakdown.payment_id}: {money(breakdown.amount_cents)} by {breakdown.rail}")
    for part in breakdown.parts:
        say(f"  {part.name:<11}{_cents(part.microcents):>14} c  {part.price}; {part.share}; prices of {part.sheet}")
        say(f"{'':<31}{part.source}")
    say(f"  {'cost':<11}{_cents(breakdown.total_microcents):>14} c")
    say(f"  {'baseline':<11}{_cents(breakdown.baseline_microcents):>14} c  {breakdown.baseline_name}")
    say(f"{'':<31}{breakdown.baseline_source}")
    say(f"  saving {percent(breakdown.saving_basis_points)}; {FORMULA}")
    if not breakdown.complete:
        say("  Its money was not paid out yet: a payout and a file are still to come.")


@costs_app.command("report")
def report_command(
    *,
    data_dir: DataDir = Path("data"),
    database: Database = None,
    store: Store = "sqlite",
    table: Table = "",
    endpoint_url: EndpointUrl = "",
    region: Region = "",
    config: Config = None,
    exports: Exports = None,
    fixed_cents: Annotated[int, typer.Option(min=0, help="A bill to share out among the payments, in cents.")] = 0,
    as_json: Json = False,
) -> None:
    """Show cost and saving per rail and ticket band against the named baseline, and the AWS bill beside it."""
    configuration = _configuration(config)

    async def add_up(_books: Books, reader: CostReader) -> tuple[CostReport, int]:
        report = CostReport()
        async for payment in reader.payments():
            report.add(await reader.breakdown(payment))
        return report, await reader.unattributed_microcents()

    options = store_options(
        store, data_dir=data_dir, database=database, table=table, endpoint_url=endpoint_url, region=region
    )
    report, unattributed = _priced(options, configuration, add_up)
    bill = _bill(configuration, data_dir, exports)
    lines = report.lines(fixed_cents * MICROCENTS_PER_CENT)
    if as_json:
        print_json(
            {
                "formula": FORMULA,
                "lines": [_line(line) for line in lines],
                "unattributed_microcents": unattributed,
                "bill": None if bill is None else bill.review,
            }
        )
        return
    if not lines:
        say("no payment has taken money yet")
    for line in lines:
        say(
            f"{line.rail:<5}{line.band:<16}{line.payments:>7} payments {money(line.amount_cents):>14}  saving "
            f"{percent(line.saving_basis_points):>9}  {_cents(line.microcents_per_100_dollars)} c per $100, against "
            f"{line.baseline_name}"
        )
        say("     " + ", ".join(f"{name} {_cents(microcents)} c" for name, microcents in sorted(line.parts.items())))
        if line.complete < line.payments:
            say(f"     {line.payments - line.complete} not paid out yet: their payout and file are still to come")
    if unattributed > 0:
        say(f"payouts that carried no payment cost {_cents(unattributed)} c more")
    for text in ("AWS: no bill is kept here",) if bill is None else bill_lines(bill.review):
        say(text)


def _configuration(config: Path | None) -> Configuration:
    """The configuration; ends the command for one that cannot be used."""
    try:
        return load_configuration(config, {})
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _bill(configuration: Configuration, data_dir: Path, exports: Path | None) -> Bill | None:
    settings = configuration.settings
    return read_bill(data_dir, exports, settings.costs, settings.aws.account_id)


def _explain_service(name: str, bill: Bill | None, *, as_json: bool) -> None:
    found = None if bill is None else bill.service(name)
    if found is None:
        known = "no bill is kept here" if bill is None else "the bill has no service of this name"
        fail(f"{name}: {known}; tillwatch costs report lists what there is", Exit.NO)
    if as_json:
        print_json(found)
        return
    for text in _service_lines(found):
        say(text)


def _service_lines(found: ServiceBill) -> list[str]:
    lines = [f"{found.service}: {_cents(found.month_microcents)} c in this month so far"]
    lines += [
        f"  {line.day}  {line.usage if line.usage else 'usage unknown':<40} {_cents(line.amount_microcents):>16} c"
        f"  {line.quantity_millionths / MICROCENTS_PER_CENT:,.3f} units"
        for line in found.lines
    ]
    if found.variance is not None:
        one = found.variance
        lines.append(
            f"  {one.day} is {percent(one.variance_basis_points)} against {_cents(one.expected_microcents)} c, the "
            f"{one.basis}"
        )
    return lines


def _priced(
    options: CoreOptions, configuration: Configuration, question: Callable[[Books, CostReader], Awaitable[T]]
) -> T:
    """The answer to a question about what payments cost."""

    async def ask(books: Books) -> T:
        reader = CostReader(books, configuration.prices)
        await reader.load()
        return await question(books, reader)

    return asked(options, ask)


def _explained(breakdown: Breakdown) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(breakdown),
        "cost_microcents": breakdown.total_microcents,
        "cost_cents": breakdown.total_microcents / MICROCENTS_PER_CENT,
        "baseline_cents": breakdown.baseline_microcents / MICROCENTS_PER_CENT,
        "saving_basis_points": breakdown.saving_basis_points,
        "saving_percent": breakdown.saving_basis_points / 100,
        "cents_per_100": per_hundred_dollars(breakdown.total_microcents, breakdown.amount_cents) / MICROCENTS_PER_CENT,
        "formula": FORMULA,
    }


def _line(line: Line) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(line),
        "saving_percent": line.saving_basis_points / 100,
        "cents_per_100": line.microcents_per_100_dollars / MICROCENTS_PER_CENT,
    }


def _cents(microcents: int) -> str:
    sign, whole = "-" if microcents < 0 else "", abs(microcents)
    return f"{sign}{whole // MICROCENTS_PER_CENT:,}.{whole % MICROCENTS_PER_CENT:06d}"
