"""Runs every bench in its own process and writes what it measured into ``bench/RESULTS.md``."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

BENCHES = ("engine", "core", "detect", "idle")
RESULTS = Path(__file__).parent / "RESULTS.md"


def machine() -> str:
    """The machine in one line: cores, memory, kernel and interpreter."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {pages / 2**30:.0f} GiB, {system}"


def measure(bench: str) -> dict[str, object]:
    """Run one bench; its last line on stdout is one JSON object of figures by name."""
    command = [sys.executable, "-m", f"bench.{bench}", "--json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own module
    figures = json.loads(output.splitlines()[-1])
    if not isinstance(figures, dict):
        message = f"bench.{bench} did not print an object"
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


def section(bench: str, figures: dict[str, object]) -> str:
    """A bench's heading, command and table."""
    body = "\n".join(rows(figures))
    return f"## {bench}\n\n`python -m bench.{bench} --json`\n\n| figure | value |\n|---|---|\n{body}\n"


def page(figures_by_bench: dict[str, dict[str, object]]) -> str:
    """The whole page."""
    head = (
        "# Measured\n\n"
        "`make bench` writes this page; each section is one run of the command under its heading, on this machine: "
        f"{machine()}.\nThe machine is shared and virtual: compare figures of one run, not those of two days.\n"
    )
    return "\n".join([head, *(section(bench, figures) for bench, figures in figures_by_bench.items())])


def main() -> None:
    """Measure everything, then replace the page in one go."""
    figures: dict[str, dict[str, object]] = {}
    for bench in BENCHES:
        print(f"bench.{bench} ...", file=sys.stderr, flush=True)
        figures[bench] = measure(bench)
    RESULTS.write_text(page(figures), encoding="utf-8")
    print(f"wrote {RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
