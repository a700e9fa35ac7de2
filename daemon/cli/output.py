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


_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSEEN = {code: "\N{REPLACEMENT CHARACTER}" for code in _CONTROLS if chr(code) not in "\n\t"}
"""Control characters, and what turns the direction of text: a terminal obeys them, whoever wrote them."""

# Without emoji: a text such as `root:x:0` is what it is.
console = Console(highlight=False, soft_wrap=True, emoji=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def print_json(value: object) -> None:
    """Print one JSON document as the last line of stdout; Structs, dataclasses and enums are encoded."""
    typer.echo(msgspec.json.encode(value).decode())


def say(text: str) -> None:
    """Print one line of prose; square brackets in it are text, not markup, and a terminal obeys nothing in it."""
    console.print(plain(text))


def note(text: str) -> None:
    """Tell progress on stderr, so that stdout stays the answer alone."""
    errors.print(plain(text))


def waiting(text: str) -> Status:
    """A block in which a line on stderr says what is waited for; nothing where nobody looks."""
    return errors.status(plain(text))


def fail(text: str, code: Exit) -> NoReturn:
    """Say on stderr what was wrong and end with the code."""
    errors.print(plain(text), style="red" if errors.is_terminal else "")
    raise typer.Exit(code)


def plain(text: str) -> str:
    """The text as it may stand in a table, whoever wrote it: nothing in it is obeyed by rich or by a terminal."""
    return escape(text.translate(_UNSEEN))
