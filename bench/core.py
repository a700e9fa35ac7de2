"""Durable payments per second through a payment core over HTTP, at 1, 16 and 64 connections."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench.workloads.paying import drive, drive_with_wrk, has_wrk, rss_mib, thread_seconds

CONNECTIONS = (1, 16, 64)
SECONDS = 5.0
WARM_UP_PAYMENTS = 300
WORKERS = 2
"""One for each core of the machine that the results are from."""


@contextmanager
def running_core(workers: int, records: str) -> Iterator[tuple[str, str, list[int], Path]]:
    """A core whose rail answers at once: its address, its key, the ids of its processes, its database."""
    with tempfile.TemporaryDirectory() as directory:
        database = Path(directory) / "payments.db"
        command = [sys.executable, "-m", "payment_core", "--rail-latency-ms", "0", "--rail-records", records]
        command += ["--database", str(database), "--workers", str(workers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as core:  # noqa: S603 - our own module
            try:
                line = "" if core.stdout is None else core.stdout.readline()
                key = database.with_suffix(".key").read_text(encoding="ascii").strip()
                children = Path(f"/proc/{core.pid}/task/{core.pid}/children").read_text(encoding="ascii").split()
                yield json.loads(line)["listening"], key, [core.pid, *map(int, children)], database
            finally:
                core.terminate()


def memory_mib(process_ids: list[int]) -> float:
    """Resident memory of all processes together."""
    return round(sum(map(rss_mib, process_ids)), 1)


def busy_cores(before: list[tuple[float, float]], after: list[tuple[float, float]], seconds: float) -> dict[str, float]:
    """How many cores the event loops and the writers kept busy, over all processes."""
    loops = sum(late[0] - early[0] for early, late in zip(before, after, strict=True))
    writers = sum(late[1] - early[1] for early, late in zip(before, after, strict=True))
    return {"loop_cores": round(loops / seconds, 2), "writer_cores": round(writers / seconds, 2)}


def measure(seconds: float, workers: int, *, wrk: bool) -> dict[str, object]:
    """Payments per second and their latency at each number of connections."""
    with running_core(workers, "memory") as (url, key, process_ids, _):
        figures: dict[str, object] = {
            "workers": workers,
            "client": "wrk" if wrk else "python",
            "seconds_per_run": seconds,
            "rss_mib_at_rest": memory_mib(process_ids),
        }
        uvloop.run(drive(url, key, 4, WARM_UP_PAYMENTS, seconds, "warm"))
        for connections in CONNECTIONS:
            name = f"connections_{connections}"
            before = [thread_seconds(process_id) for process_id in process_ids]
            if wrk:
                told = drive_with_wrk(url, key, connections, seconds)
            else:
                told = uvloop.run(drive(url, key, connections, sys.maxsize, seconds, name))
            after = [thread_seconds(process_id) for process_id in process_ids]
            figures[name] = {**told, **busy_cores(before, after, seconds)}
        figures["rss_mib_after"] = memory_mib(process_ids)
    return figures


def main() -> None:
    """Start a core with a rail that answers at once and no queue, load it, and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of each run")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes of the core")
    parser.add_argument("--python-client", action="store_true", help="load with Python also where wrk is installed")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.seconds, chosen.workers, wrk=has_wrk() and not chosen.python_client)))


if __name__ == "__main__":
    main()
