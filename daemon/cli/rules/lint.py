"""``tillwatch rules lint``: what is wrong with rules, and what is allowed and hardly meant."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from checks.compiled_rule import CompiledRule
from checks.lint import lint
from checks.linting.surroundings import Seen, Surroundings
from checks.rules import compile_rules
from config.load import load_configuration
from config.loading.problems import ConfigurationError
from config.whole.runbooks import runbook_names
from daemon.archive.reading import ArchiveUnreadable, Unread
from daemon.cli.options import Json, directory_with
from daemon.cli.output import Exit, fail, print_json, say
from daemon.errors import NotUsable
from daemon.replay.recorded import recorded_facts, recorded_files
from daemon.replay.seeing import seen_on

INTERVALS: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("health.probed", ""): 300.0,
        ("health.probed", "aws-payment-processor"): 2.0,
        ("health.probed", "database"): 30.0,
        ("ach.return_rate", ""): 3600.0,
    }
)
"""Facts that come by the clock: kind, subject, and seconds between two of them; a test holds them to the duties."""


def lint_rules(
    config: Annotated[Path | None, directory_with("rules/")] = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Archive on which each rule is tried: which ones never fire?")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Facts a second of one key: which windows never hold min_samples?")
    ] = 0.0,
    *,
    as_json: Json = False,
) -> None:
    """Compile every rule. Exit 2 with every mistake by file and line; warnings are printed and exit 0."""
    try:
        rule_files = load_configuration(config).rule_files
        compiled = compile_rules(rule_files)
    except ConfigurationError as error:
        if as_json:
            print_json({"ok": False, "problems": error.problems, "warnings": []})
        fail(str(error), Exit.BAD_INPUT)
    warnings = lint(rule_files, compiled, _around(config, archive, rate, compiled))
    if as_json:
        print_json({"ok": True, "problems": [], "warnings": warnings, "rules": len(compiled)})
        return
    for warning in warnings:
        say(str(warning))
    say(f"{len(compiled)} rules can be used, {len(warnings)} warnings")


def _around(config: Path | None, archive: Path | None, rate: float, compiled: tuple[CompiledRule, ...]) -> Surroundings:
    try:
        names = runbook_names(config)
    except (OSError, UnicodeDecodeError) as fault:
        fail(f"runbooks.md cannot be read: {fault}\n  fix: make it readable, as UTF-8", Exit.BAD_INPUT)
    seen = None if archive is None else _seen(archive, compiled)
    return Surroundings(facts_per_second=rate, runbooks=names, intervals=INTERVALS, seen=seen)


def _seen(archive: Path, compiled: tuple[CompiledRule, ...]) -> dict[str, Seen]:
    try:
        return seen_on(recorded_facts(recorded_files(archive), Unread(), lambda _: None), compiled)
    except (ArchiveUnreadable, NotUsable, OSError) as fault:
        fail(f"{fault}\n  fix: name the directory of an archive that can be read", Exit.BAD_INPUT)
