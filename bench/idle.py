"""Memory and CPU of every process of the embedded system, at rest and under the healthy scenario's traffic."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from daemon.embedded.kms import program as kms

SETTLE_SECONDS = 5
SCENARIO = """\
name: idle-bench
summary: Next to no traffic, so that what is measured is rest.
blue: {{version: 1.0.0}}
green: {{version: 1.0.0}}
traffic: {{payments_per_second: {rate}, clients: 10, seed: 1}}
"""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(parent: int) -> list[int]:
    """Process ids whose parent this is."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


def name_of(process: int) -> str:
    """What the process is, by its command line."""
    words = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
    if "payment_core" in words:
        return f"core_{words[words.index('--environment') + 1]}"
    for word in words:
        if "ministack" in word:
            return "aws_stand_in"
        if word == kms.__name__:
            return "kms_stand_in"
    return "daemon" if "run" in words else "up"


def rss_mib(process: int) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def cpu_seconds(process: int) -> float:
    """CPU time since the process began."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def measure(rate: float, seconds: float, folder: Path) -> dict[str, object]:
    """Start the system, let it settle, and watch its processes for the time given."""
    scenario = folder / "idle-bench.yaml"
    scenario.write_text(SCENARIO.format(rate=rate), encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "daemon", "up", "--scenario", str(scenario), "--port", str(port)]
    system = subprocess.Popen(  # noqa: S603  # our own command
        [*command, "--data-dir", str(folder / "data")], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        _wait_for_traffic(system)
        time.sleep(SETTLE_SECONDS)
        processes = [system.pid, *children_of(system.pid)]
        before = {process: cpu_seconds(process) for process in processes}
        time.sleep(seconds)
        return {
            name_of(process): {
                "rss_mib": rss_mib(process),
                "cpu_percent": round(100 * (cpu_seconds(process) - before[process]) / seconds, 1),
            }
            for process in processes
        }
    finally:
        system.send_signal(signal.SIGINT)
        system.communicate(timeout=60)


def _wait_for_traffic(system: "subprocess.Popen[str]") -> None:
    if system.stderr is None:
        return
    for line in system.stderr:
        if "started: daemon" in line:
            return
    message = "the system did not start"
    raise RuntimeError(message)


def main() -> None:
    """Measure at rest and under load, and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    for name, rate in (("at_rest", 0.01), ("at_40_payments_per_second", 40.0)):
        with tempfile.TemporaryDirectory(prefix="tillwatch-bench-") as folder:
            figures[name] = measure(rate, options.seconds, Path(folder))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
