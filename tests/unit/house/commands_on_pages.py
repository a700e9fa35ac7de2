"""What of a command line that a page shows the program does not know, read from the program itself."""

import shlex
from typing import Any

import typer

from daemon.cli import app as command_line
from payment_core.options import CoreOptions


def unknown_parts(command: str) -> list[str]:
    """Words of a command line that the program does not know as command or option."""
    known: Any = typer.main.get_command(command_line)  # the types of its groups are typer's own
    unknown: list[str] = []
    options_seen = False
    for word in shlex.split(command)[1:]:
        # A group with options of its own takes no command after them.
        if hasattr(known, "commands") and not word.startswith("-") and not options_seen:
            following = known.get_command(typer.Context(known), word)
            if following is None:
                return [word]
            known = following
        elif word.startswith("-"):
            options_seen = True
            unknown += [] if word in options_of(known) else [word]
    return unknown


def options_of(command: Any) -> set[str]:  # noqa: ANN401  # the types of commands are typer's own
    """The options that a command takes; one that passes them on takes those of the payment core."""
    if command.context_settings.get("ignore_unknown_options"):
        return {f"--{name.replace('_', '-')}" for name in CoreOptions.model_fields}
    return {option for parameter in command.params for option in parameter.opts}
