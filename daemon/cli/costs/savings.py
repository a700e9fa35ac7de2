"""``tillwatch costs simulate``: what the processor charged by its export, against what the same payments cost here."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError
from daemon.cli.core.store import Books, asked, store_options
from daemon.cli.options import Json, Picture, directory_with
from daemon.cli.output import Exit, console, fail, print_json, waiting
from daemon.validation.costs import TARGET_BASIS_POINTS
from payment_core.costs.breakdown import MICROCENTS_PER_CENT, Name
from payment_core.costs.reading import CostReader
from payment_core.costs.report import CostReport
from payment_core.migration.export.errors import ExportError
from payment_core.migration.export.export import Export
from payment_core.migration.savings.gathering import Gathering
from payment_core.migration.savings.model import Simulation
from payment_core.migration.savings.picture import picture
from payment_core.migration.savings.question import Question
from payment_core.migration.savings.reading import gather
from payment_core.migration.savings.simulation import PRICED, simulate
from payment_core.migration.savings.ways import NOTHING_MEASURED, Usage
from payment_core.migration.savings.wording import as_markdown

_MEASURED: tuple[Name, ...] = ("kms", "dynamodb", "queue", "compute")


def simulate_command(
    export: Annotated[Path, typer.Argument(help="Directory of an export, with its manifest.json.")],
    *,
    config: Annotated[Path | None, directory_with("prices.yaml")] = None,
    netting: Annotated[int, typer.Option(min=1, help="Payments in a payout that is tried beside the present.")] = 10,
    entries_per_file: Annotated[
        int | None, typer.Option(min=1, help="Entries in an ACH file; of one file a day when left out.")
    ] = None,
    returns: Annotated[
        int | None,
        typer.Option(min=0, max=10_000, help="Bank debits that come back, of 10,000; as in the export when left out."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Data directory of a core that measured what AWS costs for each payment.")
    ] = None,
    fixed_cents: Annotated[int, typer.Option(min=0, help="A bill to share out among the payments, in cents.")] = 0,
    picture_file: Picture = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown as it is.")] = False,
    as_json: Json = False,
) -> None:
    """Show what the processor charged, and what the same payments cost here by rail, ticket and netting.

    Exit 1 when no cohort reaches 98 %, 2 for an export or configuration that cannot be used.
    """
    configuration = _configuration(config)
    with waiting("reading the export"):
        opened, gathered, unread = _gathered(export)
    question = Question(
        target_basis_points=TARGET_BASIS_POINTS,
        netting=netting,
        entries_per_file=entries_per_file,
        returns_basis_points=returns,
        usage=_usage(configuration, data_dir, fixed_cents, gathered.payments(PRICED)),
    )
    manifest = opened.manifest
    simulation = simulate(
        gathered,
        configuration.prices.at(manifest.made_at_ms),
        question,
        account=manifest.account,
        made_at=manifest.made_at.isoformat(),
        unread=unread,
    )
    if picture_file is not None:
        _write(picture_file, picture(simulation))
    _tell(simulation, as_json=as_json, markdown=markdown)
    if not any(cohort.reaches for cohort in simulation.cohorts):
        raise typer.Exit(Exit.NO)


def _tell(simulation: Simulation, *, as_json: bool, markdown: bool) -> None:
    if as_json:
        print_json(simulation)
    elif markdown or not console.is_terminal:
        typer.echo(as_markdown(simulation), nl=False)
    else:
        from rich.markdown import Markdown  # noqa: PLC0415 - some 60 ms, for a person alone

        console.print(Markdown(as_markdown(simulation)))


def _gathered(directory: Path) -> tuple[Export, Gathering, int]:
    async def read() -> tuple[Export, Gathering, int]:
        export = await Export.open(directory)
        gathered, unread = await gather(export)
        return export, gathered, unread

    try:
        return asyncio.run(read())
    except ExportError as error:
        fail(str(error), Exit.WORLD_REFUSED if error.retryable else Exit.BAD_INPUT)


def _configuration(config: Path | None) -> Configuration:
    try:
        return load_configuration(config, {})
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _usage(configuration: Configuration, data_dir: Path | None, fixed_cents: int, payments: int) -> Usage:
    """What a core measured for each of its payments, and each one's part of a bill; rounded up."""
    fixed = -(-fixed_cents * MICROCENTS_PER_CENT // max(1, payments))
    if data_dir is None:
        return NOTHING_MEASURED if fixed == 0 else Usage(fixed=fixed)

    async def ask(books: Books) -> CostReport:
        reader, report = CostReader(books, configuration.prices), CostReport()
        await reader.load()
        async for payment in reader.payments():
            report.add(await reader.breakdown(payment))
        return report

    options = store_options("sqlite", data_dir=data_dir, database=None, table="", endpoint_url="")
    report = asked(options, ask)
    if report.payments == 0:
        fail(f"{data_dir}: no payment was measured there yet; leave --data-dir out", Exit.BAD_INPUT)
    sums = {name: sum(line.parts.get(name, 0) for line in report.lines()) for name in _MEASURED}
    each = {str(name): -(-spent // report.payments) for name, spent in sums.items()}
    return Usage(**each, fixed=fixed)


def _write(path: Path, svg: str) -> None:
    try:
        path.write_text(svg, "utf-8")
    except OSError as error:
        fail(f"{path}: {error.strerror}; name a file that can be written", Exit.BAD_INPUT)
