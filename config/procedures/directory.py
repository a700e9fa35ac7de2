"""The procedures of a configuration: the packaged ones, and in their place or beside them those of its ``sops/``."""

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.escalation.escalation_file import Escalation
from config.loading.folder import load_each, yaml_files
from config.loading.loader import Loaded
from config.loading.problems import Problem
from config.loading.suggest import closest, listed
from config.procedures.procedure import Procedure
from config.rules.rule_file import RuleFile

PROCEDURES_DIRECTORY, RULES_DIRECTORY = "sops", "rules"
PROCEDURES_MAX = 200
"""More files than this is the wrong directory."""
Place = tuple[str | int, ...]
Found = tuple[tuple[Loaded[Procedure], ...], tuple[Problem, ...]]


def read_procedures(defaults: Path, directory: Path | None) -> Found:
    """All of them by name, and every problem of every file. A file of the directory wins over a packaged one.

    defaults: where the packaged ones are; they do not change while a process runs, so they are read once.
    """
    packaged, problems = _packaged(defaults / PROCEDURES_DIRECTORY)
    if directory is None or not os.path.lexists(directory / PROCEDURES_DIRECTORY):
        return packaged, problems
    own, found = _of(directory / PROCEDURES_DIRECTORY)
    names = {one.value.name for one in own}
    kept = (one for one in packaged if one.value.name not in names)
    both = sorted((*kept, *own), key=lambda one: one.value.name)
    return tuple(both), (*problems, *found)


def procedure_problems(
    procedures: Sequence[Loaded[Procedure]],
    escalation: Escalation,
    rule_files: Sequence[Loaded[RuleFile]],
    defaults: Path,
) -> list[Problem]:
    """What no file says wrong by itself: names of others that there are not, and packaged rules without a procedure.

    defaults: rules from there have to have one; whether an operator's own have is for `rules lint`. Procedures from
    there name people of the packaged escalation.yaml, so that one of your own does not make them unusable.
    """
    names = [one.value.name for one in procedures]
    people = [*escalation.people, *escalation.schedules]
    found = [problem for one in procedures for problem in _unknown_procedures(one, names)]
    own = (one for one in procedures if Path(one.document.file).parent != defaults / PROCEDURES_DIRECTORY)
    found += [problem for one in own for problem in _unknown_people(one, people)]
    found += _claimed_twice(procedures)
    return [*found, *_rules_without(procedures, rule_files, defaults / RULES_DIRECTORY)]


def by_runbook(procedures: Sequence[Loaded[Procedure]]) -> dict[str, Procedure]:
    """The procedure of each name and of each runbook."""
    known = {name: one.value for one in procedures for name in one.value.runbooks}
    return {**known, **{one.value.name: one.value for one in procedures}}


@functools.cache
def _packaged(root: Path) -> Found:
    return _of(root)


def _of(root: Path) -> Found:
    paths, problems = yaml_files(root, "procedure", PROCEDURES_MAX, "remove those that nobody follows")
    loaded, found = load_each(paths, Procedure)
    for one in loaded:
        stem, name = Path(one.document.file).stem, one.value.name
        if name != stem:
            what = f"the file is called {stem} and the procedure {name}"
            found.append(one.document.problem(("name",), what, f"write name: {stem}, or rename the file"))
    return tuple(loaded), (*problems, *found)


def _unknown_procedures(one: Loaded[Procedure], names: list[str]) -> Iterator[Problem]:
    for name, question in one.value.tree.items():
        for answer, target in question.answers.items():
            if target.procedure is not None and target.procedure not in names:
                path = ("tree", name, "answers", answer, "procedure")
                yield _unknown(one, path, "procedure", target.procedure, names)


def _unknown_people(one: Loaded[Procedure], people: list[str]) -> Iterator[Problem]:
    procedure = one.value
    named: list[tuple[Place, str | None]] = [
        (("owner",), procedure.owner),
        *((("contacts", place), name) for place, name in enumerate(procedure.contacts)),
        *((("steps", place, "who"), step.who) for place, step in enumerate(procedure.steps)),
        *(
            (("tree", name, "answers", answer, "call"), target.call)
            for name, question in procedure.tree.items()
            for answer, target in question.answers.items()
        ),
    ]
    for path, name in named:
        if name is not None and name not in people:
            yield _unknown(one, path, "person or schedule", name, people)


def _unknown(one: Loaded[Procedure], path: Place, what: str, name: str, known: list[str]) -> Problem:
    likely = closest(name, known)
    meant = "" if likely is None else f"did you mean {likely}? "
    return one.document.problem(path, f"there is no {what} {name!r:.60}", f"{meant}Known: {listed(known)}")


def _claimed_twice(procedures: Sequence[Loaded[Procedure]]) -> Iterator[Problem]:
    claimed = {one.value.name: one.value.name for one in procedures}
    for one in procedures:
        for place, name in enumerate(one.value.runbooks):
            if name in claimed:
                what = f"the runbook {name} has a procedure already, {claimed[name]}"
                yield one.document.problem(("runbooks", place), what, "let one of the two have it")
            claimed[name] = one.value.name


def _rules_without(
    procedures: Sequence[Loaded[Procedure]], rule_files: Sequence[Loaded[RuleFile]], packaged_rules: Path
) -> Iterator[Problem]:
    known = by_runbook(procedures)
    for loaded in rule_files:
        if Path(loaded.document.file).parent != packaged_rules:
            continue
        for index, rule in enumerate(loaded.value.rules):
            if rule.runbook not in known:
                fix = f"add {rule.runbook} to the runbooks of the procedure in sops/ that answers it"
                path = ("rules", index, "runbook")
                yield loaded.document.problem(path, f"no procedure is for the runbook {rule.runbook!r:.60}", fix)
