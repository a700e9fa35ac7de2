"""``tillwatch ledger``: whether every cent is accounted for, and where it is."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.output import Exit, fail, print_json, say
from payment_core.errors import DatabaseUnusable
from payment_core.ledger.verify import balances, verify

DATABASE_NAME = "payments.db"

ledger_app = typer.Typer(no_args_is_help=True, help="The ledger: verify it, read its balances.")

DataDir = Annotated[Path, typer.Option(help=f"Directory that holds {DATABASE_NAME}.")]
Database = Annotated[Path | None, typer.Option(help=f"The file itself, instead of --data-dir/{DATABASE_NAME}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _existing(data_dir: Path, database: Path | None) -> Path:
    path = data_dir / DATABASE_NAME if database is None else database
    if not path.is_file():
        fail(f"{path}: there is no such file. Name the ledger with --data-dir or --database.", Exit.BAD_INPUT)
    return path


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


@ledger_app.command("verify")
def verify_command(*, data_dir: DataDir = Path("data"), database: Database = None, as_json: AsJson = False) -> None:
    """Check invariants I1 to I4; exit 0 when they hold, 1 when one is broken, 2 when there is no ledger."""
    path = _existing(data_dir, database)
    try:
        report = verify(path)
    except DatabaseUnusable as error:
        fail(str(error), Exit.BAD_INPUT)
    if as_json:
        print_json(report)
    else:
        word = "balanced" if report.balanced else "NOT balanced"
        say(f"{path}: {word}; {report.journals} journals, {report.entries} entries")
        for wrong in report.violations:
            say(f"  {wrong.invariant} {wrong.subject}: {wrong.detail}, by {wrong.difference_cents} cents")
    if not report.balanced:
        raise typer.Exit(Exit.NO)


@ledger_app.command("balance")
def balance_command(*, data_dir: DataDir = Path("data"), database: Database = None, as_json: AsJson = False) -> None:
    """Print the balance of every account."""
    path = _existing(data_dir, database)
    try:
        accounts = balances(path)
    except DatabaseUnusable as error:
        fail(str(error), Exit.BAD_INPUT)
    if as_json:
        print_json({"accounts": accounts})
        return
    for account in accounts:
        say(f"{account.account:<18} {_dollars(account.balance_cents):>18}  {account.currency}  {account.normal_side}")
