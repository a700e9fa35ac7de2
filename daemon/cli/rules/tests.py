"""``tillwatch rules test``: plays files of rule tests and says what was expected and what came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from checks.compiled_rule import CompiledRule
from checks.rule_tests.play import Failure, beyond_limits, play
from checks.rule_tests.series import misfits
from checks.rules import compile_rules
from config.load import DEFAULTS, load_configuration, load_rule_files
from config.loading.loader import Loaded, load_yaml
from config.loading.problems import ConfigurationError, Problem
from config.loading.suggest import closest
from config.rules.rule_tests import RuleTest, RuleTestFile
from daemon.cli.options import Json, directory_with
from daemon.cli.output import Exit, fail, print_json, say

PACKAGED = DEFAULTS / "rule_tests"
"""The tests of the packaged rules, one file for each family."""


@dataclass(frozen=True, slots=True)
class Result:
    """One test of one file. line: of the test; failures: empty when it passed."""

    file: str
    line: int
    name: str
    facts: int
    passed: bool
    failures: tuple["Shown", ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One expectation that was not met, with its place."""

    file: str
    line: int
    column: int
    at_seconds: float
    rule: str
    expected: str
    got: str


def play_tests(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Files of tests; those of the packaged rules when left out."),
    ] = None,
    config: Annotated[Path | None, directory_with("rules/, for tests that name no rule_files")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Play facts to rules. Exit 0 when all is as expected, 1 when it is not, 2 for a file that cannot be played."""
    try:
        if config is not None:
            # Also where every test names its own rules: what was given is never passed over.
            load_configuration(config)
        results = [result for path in _paths(files) for result in _results(path, config)]
    except ConfigurationError as error:
        if as_json:
            print_json({"ok": False, "problems": error.problems, "tests": []})
        fail(str(error), Exit.BAD_INPUT)
    failed = sum(not result.passed for result in results)
    if as_json:
        print_json({"ok": not failed, "problems": [], "tests": results})
    else:
        _say(results, failed)
    if failed:
        raise typer.Exit(Exit.NO)


def _paths(files: Sequence[Path] | None) -> list[Path]:
    return list(files) if files else sorted(PACKAGED.glob("*.yaml"))


def _results(path: Path, config: Path | None) -> Iterator[Result]:
    """Each test of a file in its order; raises ConfigurationError before the first when one cannot be played."""
    loaded = load_yaml(path, RuleTestFile)
    named = [path.parent / name for name in loaded.value.rule_files]
    rules = compile_rules(load_rule_files(named) if named else load_configuration(config).rule_files)
    problems = [problem for number in range(len(loaded.value.tests)) for problem in _problems(loaded, number, rules)]
    if problems:
        raise ConfigurationError(tuple(problems))
    for number, test in enumerate(loaded.value.tests):
        failures = tuple(_shown(loaded, number, failure) for failure in play(rules, test))
        line = loaded.document.places[("tests", number)].line
        yield Result(str(path), line, test.name, test.size, not failures, failures)


def _problems(loaded: Loaded[RuleTestFile], number: int, rules: Sequence[CompiledRule]) -> Iterator[Problem]:
    """What keeps a test from being played."""
    document, test, place = loaded.document, loaded.value.tests[number], ("tests", number)
    wrong = beyond_limits(test)
    if wrong is not None:
        yield document.problem(place, *wrong)
    for position, series in enumerate(test.input):
        for misfit in misfits(series):
            stated = document.key_problem if misfit.on_key else document.problem
            yield stated((*place, "input", position, *misfit.path), misfit.what, misfit.fix)
    yield from _strangers(loaded, number, test, rules)


def _strangers(
    loaded: Loaded[RuleTestFile], number: int, test: RuleTest, rules: Sequence[CompiledRule]
) -> Iterator[Problem]:
    """Rules and key fields that do not exist: what they are expected to say would be no test."""
    by_id = {compiled.rule.id: compiled.rule for compiled in rules}
    for position, expectation in enumerate(test.expect):
        place = ("tests", number, "expect", position)
        rule = by_id.get(expectation.rule)
        if rule is None and expectation.rule:
            meant = closest(expectation.rule, by_id)
            fix = f"did you mean {meant}?" if meant else "name a rule of these files"
            yield loaded.document.problem((*place, "rule"), f"there is no rule {expectation.rule!r}", fix)
        elif rule is not None:
            for index, finding in enumerate(expectation.findings):
                for field in finding.key:
                    if field not in rule.per:
                        what = f"{rule.id} has no key {field!r}"
                        fix = f"its per is {', '.join(rule.per)}" if rule.per else "it has no per: leave the key out"
                        yield loaded.document.key_problem((*place, "findings", index, "key", field), what, fix)


def _shown(loaded: Loaded[RuleTestFile], number: int, failure: Failure) -> Shown:
    problem = loaded.document.problem(("tests", number, *failure.path), "", "")
    return Shown(
        file=problem.file,
        line=problem.line,
        column=problem.column,
        at_seconds=failure.at_seconds,
        rule=failure.rule_id,
        expected=failure.expected,
        got=failure.got,
    )


def _say(results: Sequence[Result], failed: int) -> None:
    for result in results:
        say(f"{'pass' if result.passed else 'FAIL'}  {result.file}:{result.line}: {result.name}")
        for failure in result.failures:
            say(f"      {failure.file}:{failure.line}:{failure.column}: {failure.rule} at {failure.at_seconds:g} s")
            say(f"        expected  {failure.expected}")
            say(f"        got       {failure.got}")
    say(f"{len(results)} tests, {failed} failed")
