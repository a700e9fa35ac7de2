"""The command line, one module per command group."""

import sys

import typer

from daemon.cli.ach import ach_app
from daemon.cli.audit import audit_app
from daemon.cli.config import config_app
from daemon.cli.core import core_app
from daemon.cli.costs import costs_app
from daemon.cli.fraud import fraud_app
from daemon.cli.health import health
from daemon.cli.ledger import ledger_app
from daemon.cli.output import Exit
from daemon.cli.rules import rules_app
from daemon.cli.run import run
from daemon.cli.up import up
from daemon.cli.vault import vault_app

app = typer.Typer(
    name="tillwatch",
    help="Watches an AWS-native payment system and repairs it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(run)
app.command()(health)
app.add_typer(core_app, name="core")
app.add_typer(rules_app, name="rules")
app.add_typer(config_app, name="config")
app.add_typer(audit_app, name="audit")
app.add_typer(ledger_app, name="ledger")
app.add_typer(ach_app, name="ach")
app.add_typer(fraud_app, name="fraud")
app.add_typer(costs_app, name="costs")
app.add_typer(vault_app, name="vault")


def main() -> None:
    """Run one command; the exit codes are those of `daemon.cli.output.Exit`."""
    try:
        app()
    except typer.Abort:
        sys.exit(Exit.NO)
