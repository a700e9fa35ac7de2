"""One ``tillwatch up`` as a process of a test."""

import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.aftermath.compensations import SETTLE_MS
from daemon.embedded.processes.ports import free_port
from tests.forked import Forked

FORKED_UP = "tests.integration.embedded.forked_up"
FORKED = (FORKED_UP, str(SETTLE_MS))
STARTED = ("daemon",)
"""As its users have it: every child is a program that is started, and ended by the kernel when its parent is killed."""


class Up:
    """One ``tillwatch up`` as a process; lines are read as they come, so nothing has to sleep.

    module: what it is run as; see forked_up for the other way.
    """

    def __init__(self, data: Path, *options: str, module: tuple[str, ...] = FORKED) -> None:
        self.data = data
        self.port = free_port("127.0.0.1")
        command = [*module, "up", "--data-dir", str(data), "--port", str(self.port), "--json", *options]
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

    def child(self, name: str) -> int:
        """The pid of its child of that name."""
        return int((self.data / "logs" / f"{name}.pid").read_text(encoding="ascii"))

    def clean_up(self) -> None:
        self._process.close()
        self._lines.close()
        self._report.close()


def up(ups: list[Up], data: Path, *options: str, module: tuple[str, ...] = FORKED) -> Up:
    one = Up(data, *options, module=module)
    ups.append(one)
    return one
