"""Runs the commands of a procedure: this very program, word by word and never through a shell, within a time."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from daemon.cli import app as command_line
from daemon.cli.options import TOKEN_VARIABLE
from daemon.cli.sop.seen import Done

OUTPUT_CHARACTERS_MAX = 1_000_000
"""Of one command; a report is a part of that."""
URL_VARIABLE = "TILLWATCH_URL"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the commands look: by the environment, so that no token stands in a list of processes.

    options: given to every command that takes them, such as ``--data-dir``; empty ones are left out.
    """

    url: str = ""
    token: str = ""
    options: Mapping[str, str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a command is started with."""
        own = {URL_VARIABLE: self.url, TOKEN_VARIABLE: self.token}
        return {**os.environ, **{name: value for name, value in own.items() if value}}

    def words(self, command: Sequence[str]) -> list[str]:
        """The command with the options that it takes and does not have."""
        given = {} if self.options is None else self.options
        taken = options_of(command)
        more = [(name, value) for name, value in given.items() if value and name in taken and name not in command]
        return [*command, *(word for option in more for word in option)]


class Program:
    """Runs one command at a time."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def run(self, command: Sequence[str], seconds: float) -> Done:
        """Run it to its end, or stop it when its time is over: then nobody knows what it did."""
        words = [sys.executable, "-m", "daemon", *self._around.words(command)[1:]]
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        ):
            try:
                code = subprocess.run(  # noqa: S603 - our own program, and no shell
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    timeout=seconds,
                    check=False,
                    env=self._around.environment,
                ).returncode
            except subprocess.TimeoutExpired:
                return Done(None, _read(out), _read(err), f"it did not end within {seconds:g} s, and was stopped")
            except OSError as fault:
                return Done(None, fault=f"it could not be started: {fault}")
            return Done(code, _read(out), _read(err))


def options_of(command: Sequence[str]) -> frozenset[str]:
    """The names of the options that this command takes."""
    known: Any = typer.main.get_command(command_line)  # the types of its groups are typer's own
    for word in command[1:]:
        if not hasattr(known, "get_command") or word.startswith("-"):
            break
        found = known.get_command(None, word)
        if found is None:
            break
        known = found
    return frozenset(name for parameter in known.params for name in parameter.opts if name.startswith("--"))


def _read(file: Any) -> str:  # noqa: ANN401 - a temporary file has no name of its own in typing
    file.seek(0)
    text: str = file.read(OUTPUT_CHARACTERS_MAX)
    return text
