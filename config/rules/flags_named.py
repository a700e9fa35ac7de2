"""Whether rules and ``flags.yaml`` name flags that ``flags.json`` has; one that it has not would never be changed."""

import json
from collections.abc import Iterable, Iterator

from config.flags import RELEASE_FLAG, Flags
from config.loading.loader import Loaded
from config.loading.problems import Problem
from config.loading.suggest import closest, listed
from config.rules.rule_file import RuleFile


def unknown_flags(document: str, flags: Flags, file: str, rule_files: Iterable[Loaded[RuleFile]]) -> list[Problem]:
    """Every name that the document does not have. file: of ``flags.yaml``. A release's own flag may come later."""
    known = sorted(json.loads(document)["flags"])
    named = [*flags.flags, *flags.emergency]
    problems = [
        Problem(file, 0, 0, f"flags.json has no flag {name!r}", _fix(name, known))
        for name in named
        if name not in known and not name.startswith(RELEASE_FLAG)
    ]
    return [*problems, *(problem for loaded in rule_files for problem in _of_rules(loaded, known))]


def _of_rules(loaded: Loaded[RuleFile], known: list[str]) -> Iterator[Problem]:
    for index, rule in enumerate(loaded.value.rules):
        if rule.flag and rule.flag not in known:
            path = ("rules", index, "flag")
            yield loaded.document.problem(path, f"flags.json has no flag {rule.flag!r}", _fix(rule.flag, known))


def _fix(name: str, known: list[str]) -> str:
    likely = closest(name, known)
    meant = "" if likely is None else f"did you mean {likely}? "
    return f"{meant}Known: {listed(known)}" if known else "put it into flags.json"
