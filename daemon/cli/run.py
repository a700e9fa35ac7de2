"""``tillwatch run``: the daemon alone, until it is told to stop."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from config.load import load_configuration
from config.loading.problems import ConfigurationError
from daemon.app import App
from daemon.cli.output import Exit, fail, print_json
from daemon.errors import DaemonError
from payment_core.logs import configure_logs
from payment_core.loop import run_loop
from remediation.errors import RemediationError


def run(
    config: Annotated[
        Path | None,
        typer.Option(help="Directory with tillwatch.yaml, policy.yaml and rules/; as packaged when left out."),
    ] = None,
) -> None:
    """Run the daemon against the AWS endpoint and credentials of the environment, until SIGTERM or Ctrl-C."""
    configure_logs()
    try:
        app = App(load_configuration(config), directory=config)
    except ConfigurationError as problems:
        fail(str(problems), Exit.BAD_INPUT)
    try:
        run_loop(_serve(app))
    except (DaemonError, RemediationError, OSError) as fault:
        fail(f"the daemon stopped: {fault}", Exit.WORLD_REFUSED)


async def _serve(app: App) -> None:
    stop = asyncio.Event()
    app.stop_on_signals(stop)
    await app.run(stop, on_ready=lambda address: print_json({"listening": address}))
