"""The procedures of a configuration: the packaged ones, and in their place or beside them those of its ``sops/``."""

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.escalation.escalation_file import Escalation
from config.loading.loader import Loaded, build, read
from config.loading.problems import Problem
from config.loading.suggest import closest, listed
from config.procedures.procedure import Procedure
from config.rules.rule_file import RuleFile

PROCEDURES_DIRECTORY = "sops"
PROCEDURES_MAX = 200
"""More files than this is the wrong directory."""
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
    packaged_rules: Path,
) -> list[Problem]:
    """What no file says wrong by itself: names of others that there are not, and packaged rules without a procedure.

    packaged_rules: rules from there have to have one; whether an operator's own have is for `rules lint`.
    """
    names = [one.value.name for one in procedures]
    people = [*escalation.people, *escalation.schedules]
    found = [problem for one in procedures for problem in _unknown_names(one, names, people)]
    found += _claimed_twice(procedures)
    return [*found, *_rules_without(procedures, rule_files, packaged_rules)]


def by_runbook(procedures: Sequence[Loaded[Procedure]]) -> dict[str, Procedure]:
    """The procedure of each name and of each runbook."""
    known = {name: one.value for one in procedures for name in one.value.runbooks}
    return {**known, **{one.value.name: one.value for one in procedures}}


@functools.cache
def _packaged(root: Path) -> Found:
    return _of(root)


def _of(root: Path) -> Found:
    if not root.is_dir():
        return (), (Problem(str(root), 0, 0, "this is not a directory", "make it a directory of *.yaml files"),)
    problems = [
        Problem(str(path), 0, 0, "nothing reads a procedure that ends in .yml", f"rename it to {path.stem}.yaml")
        for path in sorted(root.glob("*.yml"))
    ]
    paths = sorted(path for path in root.iterdir() if path.suffix == ".yaml")
    if len(paths) > PROCEDURES_MAX:
        what = f"the directory holds more than {PROCEDURES_MAX} procedures"
        problems.append(Problem(str(root), 0, 0, what, "remove those that nobody follows"))
    loaded = []
    for path in paths[:PROCEDURES_MAX]:
        parsed = read(path)
        value, found = build(parsed, Procedure)
        problems += found
        if value is None:
            continue
        if value.name != path.stem:
            what = f"the file is called {path.stem} and the procedure {value.name}"
            problems.append(parsed.document.problem(("name",), what, f"write name: {path.stem}, or rename the file"))
        loaded.append(Loaded(value, parsed.document))
    return tuple(loaded), tuple(problems)


def _unknown_names(one: Loaded[Procedure], names: list[str], people: list[str]) -> Iterator[Problem]:
    procedure, document = one.value, one.document
    wanted: list[tuple[tuple[str | int, ...], str | None, str, list[str]]] = [
        (("owner",), procedure.owner, "person or schedule", people),
        *((("contacts", place), name, "person or schedule", people) for place, name in enumerate(procedure.contacts)),
        *(
            (("steps", place, "who"), step.who, "person or schedule", people)
            for place, step in enumerate(procedure.steps)
        ),
    ]
    for name, question in procedure.tree.items():
        for answer, target in question.answers.items():
            at = ("tree", name, "answers", answer)
            wanted.append(((*at, "procedure"), target.procedure, "procedure", names))
            wanted.append(((*at, "call"), target.call, "person or schedule", people))
    for path, wanted_name, what, known in wanted:
        if wanted_name is not None and wanted_name not in known:
            likely = closest(wanted_name, known)
            meant = "" if likely is None else f"did you mean {likely}? "
            yield document.problem(path, f"there is no {what} {wanted_name!r:.60}", f"{meant}Known: {listed(known)}")


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
    known = by_runbook(procedures) if procedures else {}
    for loaded in rule_files if procedures else ():
        if Path(loaded.document.file).parent != packaged_rules:
            continue
        for index, rule in enumerate(loaded.value.rules):
            if rule.runbook not in known:
                fix = f"add {rule.runbook} to the runbooks of the procedure in sops/ that answers it"
                path = ("rules", index, "runbook")
                yield loaded.document.problem(path, f"no procedure is for the runbook {rule.runbook!r:.60}", fix)
