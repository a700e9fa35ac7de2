"""Where the commands about procedures take them from: the packaged files, or a directory's own."""

import re
from pathlib import Path
from typing import Annotated

import typer

from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError
from config.loading.suggest import closest
from config.procedures.directory import by_runbook
from config.procedures.procedure import Procedure
from daemon.cli.output import Exit, fail
from daemon.cli.sop.person import pairs_given

Directory = Annotated[
    Path | None, typer.Option("--config", help="Directory with sops/ and escalation.yaml; else as packaged.")
]
Name = Annotated[str, typer.Argument(help="A procedure, or the runbook of a rule.", metavar="NAME")]
VALUE_CHARACTERS_MAX = 300


def loaded(config: Path | None) -> Configuration:
    """Raises nothing: ends the command with 2 and every problem."""
    try:
        return load_configuration(config)
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def procedure_named(configuration: Configuration, name: str) -> Procedure:
    """The procedure of this name or for this runbook. Ends the command with 2 when there is none."""
    known = by_runbook(configuration.procedures)
    found = known.get(name)
    if found is None:
        likely = closest(name, known)
        meant = f"did you mean {likely}? " if likely else ""
        fail(f"there is no procedure {name!r:.60}\n  fix: {meant}see tillwatch sop list", Exit.BAD_INPUT)
    return found


def parameters_of(procedure: Procedure, texts: list[str], incident: str) -> dict[str, str]:
    """Every parameter with its value. Ends the command with 2 for one that is missing, unknown or unfit.

    A value that begins with a dash would be read as an option by the command that it stands in.
    """
    given = pairs_given(texts, "--set", "NAME=VALUE, such as reason='charged twice'")
    if incident and "incident" in procedure.parameters:
        given.setdefault("incident", incident)
    for name in given:
        if name not in procedure.parameters:
            known = ", ".join(procedure.parameters) if procedure.parameters else "it takes none"
            fail(f"{procedure.name} has no parameter {name!r:.40}\n  fix: known: {known}", Exit.BAD_INPUT)
    found = {}
    for name, one in procedure.parameters.items():
        value = given.get(name, one.default)
        if not value:
            fail(f"{procedure.name} wants {name}: {one.about}\n  fix: give --set {name}=...", Exit.BAD_INPUT)
        unfit = value.startswith("-") or not value.isprintable() or len(value) > VALUE_CHARACTERS_MAX
        if unfit or (one.pattern and re.fullmatch(one.pattern, value) is None):
            wanted = one.pattern if one.pattern else f"at most {VALUE_CHARACTERS_MAX} characters, no dash first"
            fail(f"{value!r:.60} is no {name}\n  fix: write {wanted}", Exit.BAD_INPUT)
        found[name] = value
    return found
