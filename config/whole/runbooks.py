"""The names of the runbooks: the sections of ``runbooks.md``, the packaged one and the operator's own."""

import re
from pathlib import Path

from config.load import DEFAULTS

RUNBOOKS_FILE = "runbooks.md"

_SECTION = re.compile(r"(?m)^## +(\S+) *$")


def runbook_names(directory: Path | None) -> frozenset[str]:
    """Every section whose heading is a name; the directory's file adds to the packaged ones.

    Raises OSError or UnicodeDecodeError when a file is there and cannot be read.
    """
    files = [DEFAULTS / RUNBOOKS_FILE]
    if directory is not None and (directory / RUNBOOKS_FILE).is_file():
        files.append(directory / RUNBOOKS_FILE)
    return frozenset(name for file in files for name in _SECTION.findall(file.read_text(encoding="utf-8")))
