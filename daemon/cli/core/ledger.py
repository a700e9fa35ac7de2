"""``tillwatch ledger``: whether every cent is accounted for, and where it is."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.amounts import money
from daemon.cli.options import DataDir, Json
from daemon.cli.output import Exit, fail, print_json, say
from payment_core.errors import DatabaseUnusable, UnknownAccount
from payment_core.ledger.accounts import ACCOUNTS, account_of
from payment_core.ledger.file_books import balances, verify_file

DATABASE_NAME = "payments.db"

ledger_app = typer.Typer(no_args_is_help=True, help="The ledger: verify it, read its balances.")

Database = Annotated[Path | None, typer.Option(help=f"The file itself, instead of --data-dir/{DATABASE_NAME}.")]


def _existing(data_dir: Path, database: Path | None) -> Path:
    path = data_dir / DATABASE_NAME if database is None else database
    if not path.is_file():
        fail(f"{path}: there is no such file\n  fix: name the ledger with --data-dir or --database", Exit.BAD_INPUT)
    return path


@ledger_app.command("verify")
def verify_command(*, data_dir: DataDir = Path("data"), database: Database = None, as_json: Json = False) -> None:
    """Check invariants I1 to I4; exit 0 when they hold, 1 when one is broken, 2 when there is no ledger."""
    path = _existing(data_dir, database)
    try:
        report = verify_file(path)
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
def balance_command(
    *,
    data_dir: DataDir = Path("data"),
    database: Database = None,
    account: Annotated[str, typer.Option(help="One account alone, for example provider_available/pro_1.")] = "",
    as_json: Json = False,
) -> None:
    """Print the balance of every account, or of one; exit 2 for an account that the chart does not have."""
    path = _existing(data_dir, database)
    try:
        if account:
            account_of(account)
        found = [balance for balance in balances(path) if account in {"", balance.account}]
    except UnknownAccount:
        names = ", ".join(each.of("OWNER") if each.owned else each.name for each in ACCOUNTS)
        fail(f"{account!r:.60} is no account\n  fix: name one of {names}", Exit.BAD_INPUT)
    except DatabaseUnusable as error:
        fail(str(error), Exit.BAD_INPUT)
    if as_json:
        print_json({"accounts": found})
        return
    if not found:
        say(f"{path}: nothing was posted" + (f" to {account}" if account else ""))
    width = max((len(balance.account) for balance in found), default=0)
    for balance in found:
        line = f"{balance.account:<{max(18, width)}} {money(balance.balance_cents):>18}  {balance.currency}"
        waiting = balance.balance_cents - balance.available_cents
        say(f"{line}  {balance.normal_side}" + (f"  {money(waiting)} of it set aside" if waiting else ""))
