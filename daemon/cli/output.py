"""How every command speaks: JSON last on stdout, prose for people, errors on stderr, and the exit codes."""

from enum import IntEnum
from typing import NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    NO = 1
    BAD_INPUT = 2
    WORLD_REFUSED = 3


console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON document as the last line of stdout; Structs, dataclasses and enums are encoded."""
    typer.echo(msgspec.json.encode(value).decode())


def say(text: str) -> None:
    """Print one line of prose; square brackets in it are text, not markup."""
    console.print(escape(text))


def note(text: str) -> None:
    """Tell progress on stderr, so that stdout stays the answer alone."""
    errors.print(escape(text))


def waiting(text: str) -> Status:
    """A block in which a line on stderr says what is waited for; nothing where nobody looks."""
    return errors.status(escape(text))


def fail(text: str, code: Exit) -> NoReturn:
    """Say on stderr what was wrong and end with the code."""
    errors.print(escape(text), style="red" if errors.is_terminal else "")
    raise typer.Exit(code)
