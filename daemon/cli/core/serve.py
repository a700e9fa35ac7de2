"""``tillwatch core``: the payment core alone."""

import typer

from payment_core.__main__ import main as run_core

DEFAULT_PORT = 8081

core_app = typer.Typer(no_args_is_help=True, help="The payment core alone.")


@core_app.callback()
def core() -> None:
    """The payment core alone."""


@core_app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def serve(context: typer.Context) -> None:
    """Serve payments until stopped; the line on stdout says where. `--help` lists the flags of the payment core."""
    raise typer.Exit(run_core(["--port", str(DEFAULT_PORT), *context.args], "tillwatch core serve"))
