"""``python -m payment_core``: one process of the payment core from its flags."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from payment_core.errors import AddressTaken, CoreError
from payment_core.logs import configure_logs
from payment_core.options import CoreOptions
from payment_core.server import serve

EXIT_BAD_USAGE = 2
EXIT_WORLD_REFUSED = 3

_FLAGS: tuple[tuple[str, type, str], ...] = (
    ("--host", str, "address to listen on"),
    ("--port", int, "port to listen on; 0 takes any"),
    ("--database", Path, "SQLite file of payments, ledger and outbox; shared by blue and green"),
    ("--environment", str, "blue or green"),
    ("--version", str, "release, such as 1.0.0"),
    ("--region", str, "AWS region"),
    ("--fail-percent", float, "fault profile: payments that end as failed"),
    ("--slow-seconds", float, "fault profile: seconds added to every payment"),
    ("--queue", str, "SQS queue for events; empty keeps them in the outbox"),
    ("--endpoint-url", str, "address of SQS; AWS itself when left out"),
    ("--rail-latency-ms", int, "median answer time of the simulated acquirer; 0 answers at once"),
    ("--rail-timeout-seconds", float, "after this the rail's answer counts as unknown"),
    ("--recovery-margin-seconds", float, "how long after its last possible answer a payment is taken over"),
    ("--fee-basis-points", int, "the platform's part of every capture"),
    ("--seed", int, "of the simulated acquirer's answer times"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; returns 0 when it was stopped, 2 for bad usage, 3 when the address or the database refuses."""
    parser = argparse.ArgumentParser(prog="python -m payment_core", description="Serve the payment core.")
    for flag, kind, text in _FLAGS:
        parser.add_argument(flag, type=kind, default=argparse.SUPPRESS, help=text)
    try:
        options = CoreOptions(**vars(parser.parse_args(arguments)))
    except ValidationError as error:
        for wrong in error.errors():
            flag = "-".join(str(part) for part in wrong["loc"]).replace("_", "-")
            sys.stderr.write(f"--{flag}: {wrong['msg']}\n")
        return EXIT_BAD_USAGE
    configure_logs()
    try:
        serve(options)
    except AddressTaken as error:
        sys.stderr.write(f"{error} Stop what listens there, or choose another --port.\n")
        return EXIT_WORLD_REFUSED
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_WORLD_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
