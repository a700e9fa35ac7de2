"""Memory of each process of a payment core, and the size of its database, as payments add up."""

import argparse
import json

import uvloop

from bench.core import WORKERS, running_core
from bench.workloads.paying import drive, rss_mib

PAYMENTS = 200_000
"""Two to three minutes on 2 cores; --payments 1000000 takes about ten, and 5 GB of disk."""

PARTS = 5
CONNECTIONS = 64


def measure(payments: int, workers: int) -> dict[str, object]:
    """Resident memory in MiB and the database in MiB after each fifth of the payments."""
    each = -(-payments // (PARTS * CONNECTIONS))
    figures: dict[str, object] = {"workers": workers}
    with running_core(workers, "file") as (url, key, process_ids, database):
        figures["rss_mib_by_process_at_rest"] = [rss_mib(process_id) for process_id in process_ids]
        for part in range(1, PARTS + 1):
            uvloop.run(drive(url, key, CONNECTIONS, each, float("inf"), f"part{part}"))
            figures[f"payments_{part * each * CONNECTIONS}"] = {
                "rss_mib_by_process": [rss_mib(process_id) for process_id in process_ids],
                "database_mib": round(database.stat().st_size / 2**20, 1),
            }
    return figures


def main() -> None:
    """Start a core, let it take payments, and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    parser.add_argument("--payments", type=int, default=PAYMENTS, help="how many, all together")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes of the core")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.payments, chosen.workers)))


if __name__ == "__main__":
    main()
