"""From the failing payment to the call that moves traffic, over the whole system; and what the rules alone take."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench import steps
from bench.idle import free_port


def run_once(seconds: int, folder: Path) -> dict[str, Any]:
    """One ``tillwatch up`` in an empty data folder; the report it prints last."""
    command = [
        *(sys.executable, "-m", "daemon", "up", "--scenario", "bad-canary"),
        *("--for", f"{seconds}s", "--port", str(free_port()), "--data-dir", str(folder), "--json"),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own command
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    return report


def nearest_rank(values: list[float], share: float) -> float:
    """The nearest-rank quantile: the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * round(share * 100) // 100)
    return ordered[max(rank, 1) - 1]


def figures(reports: list[dict[str, Any]]) -> dict[str, object]:
    """What the runs say together."""
    actions = [action for report in reports for action in report["actions"]]
    called = [action["cause_to_call_ms"] for action in actions if action["cause_to_call_ms"] is not None]
    verified = [action["verified_ms"] for action in actions if action["verified_ms"] is not None]
    return {
        "runs": len(reports),
        "rollbacks": len(actions),
        "runs_with_exactly_one_rollback": sum(len(report["actions"]) == 1 for report in reports),
        "cause_to_call_p50_ms": round(median(called), 1) if called else None,
        "cause_to_call_p95_ms": round(nearest_rank(called, 0.95), 1) if called else None,
        "verified_p50_ms": round(median(verified), 1) if verified else None,
        "events_lost": sum(report["events"]["lost"] for report in reports),
        "ledgers_balanced": sum(report["ledger"]["balanced"] for report in reports),
        "payments_attempted": sum(report["payments"]["attempted"] for report in reports),
    }


def main() -> None:
    """Run the scenario several times and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="of the whole system; 0 measures the rules alone")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--healthy-facts", type=int, default=20_000_000, help="in which false alarms are counted")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    options = parser.parse_args()
    reports = []
    for number in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="tillwatch-bench-") as folder:
            reports.append(run_once(options.seconds, Path(folder)))
        print(f"run {number + 1}: {json.dumps(reports[-1]['actions'])}", file=sys.stderr, flush=True)
    print(json.dumps({**(figures(reports) if reports else {}), **steps.figures(options.healthy_facts)}))


if __name__ == "__main__":
    main()
