"""Where the commands about procedures take them from: the packaged files, or a directory's own."""

import re
from pathlib import Path
from typing import Annotated

import typer

from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError
from config.loading.suggest import closest
from config.procedures.directory import by_runbook
from config.procedures.procedure import Parameter, Procedure
from daemon.cli.options import directory_with
from daemon.cli.output import Exit, fail
from daemon.cli.sop.person import pairs_given
from remediation.procedures.model import ProcedureRun

Directory = Annotated[Path | None, directory_with("sops/ and escalation.yaml")]
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
        if not _fits(one, value):
            wanted = one.pattern if one.pattern else f"at most {VALUE_CHARACTERS_MAX} characters, no dash first"
            fail(f"{value!r:.60} is no {name}\n  fix: write {wanted}", Exit.BAD_INPUT)
        found[name] = value
    return found


def parameters_begun_with(procedure: Procedure, run: ProcedureRun) -> dict[str, str]:
    """What a run was begun with, held against the procedure once more. Ends the command with 1 for one that is unfit.

    Whoever goes on with a run may be another person than the one who began it, and runs commands with their own token.
    """
    for name, one in procedure.parameters.items():
        value = run.parameters.get(name, "")
        if not value or not _fits(one, value):
            fix = f"end it: sop resume {run.id} --abandon 'unfit {name}', and begin anew"
            fail(f"{run.id} was begun with {value!r:.60}, which is no {name}\n  fix: {fix}", Exit.NO)
    return {name: run.parameters[name] for name in procedure.parameters}


def _fits(one: Parameter, value: str) -> bool:
    """A value that begins with a dash would be an option, and what is not printable could hide what is asked."""
    if value.startswith("-") or not value.isprintable() or len(value) > VALUE_CHARACTERS_MAX:
        return False
    return not one.pattern or re.fullmatch(one.pattern, value) is not None
