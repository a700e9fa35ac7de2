"""What no command has named itself: one line that says what, where and what to do, and an exit code; no traceback."""

import errno
import os
import traceback

from typer.exceptions import TyperException

from checks.redaction.card_numbers import mask_card_numbers
from daemon.cli.output import Exit, note

TRACEBACK_VARIABLE = "TILLWATCH_TRACEBACK"
_DISK_REFUSED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
_SHOWN_MAX = 300


def told(fault: Exception) -> Exit:
    """Say it on stderr: 2 for what was typed or a file that cannot be used, 3 for everything else."""
    text, code = _words(fault)
    if text:
        note(text)
    return code


def _words(fault: Exception) -> tuple[str, Exit]:
    match fault:
        case TyperException():
            return _mistyped(fault), Exit.BAD_INPUT
        case OSError(filename=str() | bytes() as name):
            said = f"{os.fsdecode(name)[:_SHOWN_MAX]}: {fault.strerror}"
            if fault.errno in _DISK_REFUSED:
                return f"{said}\n  fix: make room, or name another place", Exit.WORLD_REFUSED
            return f"{said}\n  fix: name one that is there and that you may read or write", Exit.BAD_INPUT
        case OSError():
            return f"{type(fault).__name__}: {fault}\n  fix: try again; nothing more was done", Exit.WORLD_REFUSED
        case _:
            return _ours(fault), Exit.WORLD_REFUSED


def _mistyped(fault: TyperException) -> str:
    if type(fault).__name__ == "NoArgsIsHelpError":
        # The help was printed when this was raised.
        return ""
    context = getattr(fault, "ctx", None)
    command = "tillwatch" if context is None else context.command_path
    said = " ".join(fault.format_message().split()).rstrip(".")
    return f"{command}: {said}\n  fix: see {command} --help"


def _ours(fault: Exception) -> str:
    """A fault of this program. What it says may hold what was read, so numbers in it are masked."""
    said = mask_card_numbers(f"{type(fault).__name__}: {fault}")[:_SHOWN_MAX]
    text = f"this is a fault of tillwatch and not yours: {said}"
    if not os.environ.get(TRACEBACK_VARIABLE):
        return f"{text}\n  fix: tell whoever looks after it; {TRACEBACK_VARIABLE}=1 shows where"
    return text + "\n" + mask_card_numbers("".join(traceback.format_exception(fault)).rstrip())
