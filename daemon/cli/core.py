"""``tillwatch core``: the payment core alone."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from daemon.cli.output import Exit, fail
from payment_core.errors import AddressTaken, CoreError
from payment_core.logs import configure_logs
from payment_core.options import CoreOptions
from payment_core.server import serve as serve_core

core_app = typer.Typer(no_args_is_help=True, help="The payment core alone.")


@core_app.callback()
def core() -> None:
    """The payment core alone."""


@core_app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any.")] = 8081,
    database: Annotated[Path, typer.Option(help="SQLite file of payments, ledger and outbox.")] = Path("payments.db"),
    environment: Annotated[str, typer.Option(help="blue or green.")] = "blue",
    version: Annotated[str, typer.Option(help="Release, such as 1.0.0.")] = "1.0.0",
    region: Annotated[str, typer.Option(help="AWS region.")] = "us-east-1",
    fail_percent: Annotated[float, typer.Option(help="Fault profile: payments that end as failed.")] = 0.0,
    slow_seconds: Annotated[float, typer.Option(help="Fault profile: seconds added to every payment.")] = 0.0,
    queue: Annotated[str, typer.Option(help="SQS queue for events; empty keeps them in the outbox.")] = "",
    endpoint_url: Annotated[str | None, typer.Option(help="Address of SQS; AWS itself when left out.")] = None,
    rail_latency_ms: Annotated[int, typer.Option(help="Median answer time of the simulated acquirer.")] = 60,
) -> None:
    """Serve payments until stopped; the line on stdout says where."""
    try:
        options = CoreOptions(
            host=host,
            port=port,
            database=database,
            environment=environment,
            version=version,
            region=region,
            fail_percent=fail_percent,
            slow_seconds=slow_seconds,
            queue=queue,
            endpoint_url=endpoint_url,
            rail_latency_ms=rail_latency_ms,
        )
    except ValidationError as error:
        lines = [f"--{'-'.join(map(str, wrong['loc'])).replace('_', '-')}: {wrong['msg']}" for wrong in error.errors()]
        fail("\n".join(lines), Exit.BAD_INPUT)
    configure_logs()
    try:
        serve_core(options)
    except AddressTaken as error:
        fail(f"{error} Stop what listens there, or choose another --port.", Exit.WORLD_REFUSED)
    except CoreError as error:
        fail(str(error), Exit.WORLD_REFUSED)
