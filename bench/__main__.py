"""Runs benches, each in its own process, and writes what they measured into ``bench/RESULTS.md``."""

import argparse
import json
import os
import platform
import subprocess
import sys

from bench.results import RESULTS, kept

RUNS = {
    "engine": "engine",
    "engine_curve": "engine_curve",
    "engine_keys": "engine_keys",
    "core": "core",
    "memory": "memory",
    "ach": "ach",
    "fraud": "fraud",
    "fraud_stream": "fraud_stream",
    "vault": "vault",
    "invariants": "invariants --operations 100000",
    "invariants_sqlite": "invariants --operations 100000 --store sqlite",
    "invariants_dynamodb": "invariants --operations 10000 --store dynamodb --seed 700000",
    "detect": "detect --runs 5 --healthy-facts 200000",
    "detect_rules": "detect --runs 0",
    "burn": "burn",
    "restart": "restart",
    "rollout": "rollout",
    "rollback": "rollback",
    "idle": "idle",
    "scaling": "scaling",
    "experiments": "experiments",
    "flags": "flags",
    "incidents": "incidents",
    "migration": "migration",
    "migration_kills": "migration --methods 2000 --kills 100 --dynamo-methods 0",
    "migration_full": "migration --full --kills 0 --dynamo-methods 0",
    "migration_dynamodb": "migration --full --methods 0 --kills 0",
    "incidents_live": "incidents_live",
    "console": "console",
}
"""Sections of the page, each with the bench and the arguments that it is a run of."""


def machine() -> str:
    """The machine in one line: cores, memory, kernel and interpreter."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {pages / 2**30:.0f} GiB, {system}"


def measure(run: str) -> dict[str, object]:
    """Run one bench with its arguments; its last line on stdout is one JSON object of figures by name."""
    command = [sys.executable, "-m", *f"bench.{run} --json".split()]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own module
    figures = json.loads(output.splitlines()[-1])
    if not isinstance(figures, dict):
        message = f"bench.{run} did not print an object"
        raise TypeError(message)
    return figures


def rows(figures: dict[str, object], prefix: str = "") -> list[str]:
    """One table row per figure; nested objects become dotted names."""
    table: list[str] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            table.extend(rows(value, f"{prefix}{name}."))
        else:
            table.append(f"| `{prefix}{name}` | {value} |")
    return table


def section(name: str, figures: dict[str, object]) -> str:
    """A run's heading, command and table."""
    body = "\n".join(rows(figures))
    return f"## {name}\n\n`python -m bench.{RUNS[name]} --json`\n\n| figure | value |\n|---|---|\n{body}\n"


def page(sections: dict[str, str]) -> str:
    """The whole page, in the order of the runs."""
    head = (
        "# Measured\n\n"
        "`make bench` writes this page; each section is one run of the command under its heading, on this machine: "
        f"{machine()}.\nThe machine is shared and virtual: compare figures of one run, not those of two days.\n"
    )
    return "\n".join([head, *(sections[name] for name in RUNS if name in sections)])


def main() -> None:
    """Measure the runs that are named, or all; sections of the others stay. The page is replaced after each."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("runs", nargs="*", choices=[*RUNS, []], help="which to run; all of them take some hours")
    chosen = parser.parse_args().runs
    sections = kept(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for name in chosen if chosen else RUNS:
        print(f"bench.{RUNS[name]} ...", file=sys.stderr, flush=True)
        sections[name] = section(name, measure(RUNS[name]))
        RESULTS.write_text(page(sections), encoding="utf-8")
    print(f"wrote {RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
