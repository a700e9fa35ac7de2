"""Runs benches, each in its own process, and writes what they measured into ``bench/RESULTS.md``."""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

BENCHES = ("engine", "core", "memory", "ach", "fraud", "vault", "invariants", "detect", "idle")
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


def kept(results: str) -> dict[str, str]:
    """The sections of a page by bench, as they stand."""
    parts = re.split(r"^## (\w+)$", results, flags=re.MULTILINE)[1:]
    return {name: f"## {name}{body.rstrip()}\n" for name, body in zip(parts[::2], parts[1::2], strict=True)}


def page(sections: dict[str, str]) -> str:
    """The whole page, in the order of the benches."""
    head = (
        "# Measured\n\n"
        "`make bench` writes this page; each section is one run of the command under its heading, on this machine: "
        f"{machine()}.\nThe machine is shared and virtual: compare figures of one run, not those of two days.\n"
    )
    return "\n".join([head, *(sections[bench] for bench in BENCHES if bench in sections)])


def main() -> None:
    """Measure the benches that are named, or all; sections of the others stay. The page is replaced in one go."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benches", nargs="*", choices=[*BENCHES, []], help="which to run; all when left out")
    chosen = parser.parse_args().benches
    sections = kept(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for bench in chosen if chosen else BENCHES:
        print(f"bench.{bench} ...", file=sys.stderr, flush=True)
        sections[bench] = section(bench, measure(bench))
        RESULTS.write_text(page(sections), encoding="utf-8")
    print(f"wrote {RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
