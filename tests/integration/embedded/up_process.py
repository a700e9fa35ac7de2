"""One ``tillwatch up`` as a process of a test."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.embedded.processes.ports import free_port
from tests.forked import Forked


class Up:
    """One ``tillwatch up`` as a process; lines are read as they come, so nothing has to sleep."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.port = free_port("127.0.0.1")
        command = ["daemon", "up", "--data-dir", str(data), "--port", str(self.port), "--json", *options]
        readable, written = os.pipe()
        self._lines = os.fdopen(readable, encoding="utf-8")
        # The report is longer than a pipe holds.
        self._report = os.fdopen(os.memfd_create("report"), "w+", encoding="utf-8")
        with os.fdopen(written, "w") as errors:
            self._process = Forked(command, stdout=self._report, stderr=errors)
        self.said: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, word: str) -> str:
        """Read its lines up to the first with the word."""
        for line in self._lines:
            self.said.append(line.rstrip())
            if word in line:
                return line
        pytest.fail(f"{word!r} was never said: {self.said}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> tuple[int, dict[str, Any]]:
        """Its exit code and its report, or an empty one."""
        self.said += self._lines.read().splitlines()
        code = self._process.wait()
        self._report.seek(0)
        lines = self._report.readlines()
        return code, msgspec.json.decode(lines[-1]) if lines else {}

    def child(self, *words: str) -> int:
        """The pid of its child whose command line has all the words."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _has_words(entry, (str(self.data), *words)):
                return int(entry.name)
        pytest.fail(f"no child with {words}")

    def clean_up(self) -> None:
        self._process.close()
        self._lines.close()
        self._report.close()


def _has_words(entry: Path, words: Sequence[str]) -> bool:
    try:
        command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return all(any(word in part for part in command) for word in words)


def up(ups: list[Up], data: Path, *options: str) -> Up:
    one = Up(data, *options)
    ups.append(one)
    return one
