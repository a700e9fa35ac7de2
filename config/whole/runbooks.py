"""The names of the runbooks: procedures, and the sections of ``runbooks.md``, packaged and the operator's own."""

import re
from pathlib import Path

from config.load import DEFAULTS
from config.procedures.directory import by_runbook, read_procedures

RUNBOOKS_FILE = "runbooks.md"

_SECTION = re.compile(r"(?m)^## +(\S+) *$")


def runbook_names(directory: Path | None) -> frozenset[str]:
    """Every name that a procedure answers, and every section whose heading is a name; those of the directory, too.

    Procedures that cannot be read are `config check`'s to tell. Raises OSError or UnicodeDecodeError when
    ``runbooks.md`` is there and cannot be read.
    """
    files = [DEFAULTS / RUNBOOKS_FILE]
    if directory is not None and (directory / RUNBOOKS_FILE).is_file():
        files.append(directory / RUNBOOKS_FILE)
    procedures, _ = read_procedures(DEFAULTS, directory)
    sections = (name for file in files for name in _SECTION.findall(file.read_text(encoding="utf-8")))
    return frozenset((*by_runbook(procedures), *sections))
