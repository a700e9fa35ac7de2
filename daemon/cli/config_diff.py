"""``tillwatch config diff``: what would change if a directory took the place of another, or of the packaged files."""

from pathlib import Path
from typing import Annotated

import typer

from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError
from config.whole.difference import Change, Difference, difference
from daemon.cli.options import Json
from daemon.cli.output import Exit, fail, print_json, say

_KEPT, _ANEW = "its window goes on", "its window begins anew"


def diff(
    config: Annotated[Path, typer.Option("--config", help="Directory that would be taken over.")],
    against: Annotated[
        Path | None, typer.Option("--against", help="Directory that runs now; as packaged when left out.")
    ] = None,
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Tell each value that differs, and what a reload or a restart takes over. Exit 0, or 2 with every problem."""
    before, after = _loaded(against), _loaded(config)
    found = difference(before, after)
    anew = _anew(before, after)
    if as_json:
        print_json(_document(found, anew))
        return
    for line in _lines(found, anew):
        say(line)


def _loaded(directory: Path | None) -> Configuration:
    try:
        return load_configuration(directory)
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _anew(before: Configuration, after: Configuration) -> frozenset[str]:
    """The rules of the second whose windows the first does not have."""
    from checks.continuation import unknown  # noqa: PLC0415 - the compiler is loaded for this command alone.
    from checks.engine import Engine  # noqa: PLC0415 - see above.
    from checks.rules import compile_rules  # noqa: PLC0415 - see above.

    try:
        running = Engine(compile_rules(before.rule_files))
        rules = compile_rules(after.rule_files)
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    return frozenset(compiled.rule.id for compiled in unknown(rules, running.watched))


def _lines(found: Difference, anew: frozenset[str]) -> list[str]:
    lines = [f"+ rule {name}" for name in found.added]
    lines += [f"- rule {name}" for name in found.removed]
    for name, changes in found.changed.items():
        lines.append(f"~ rule {name}: {_ANEW if name in anew else _KEPT}")
        lines += [f"    {change}" for change in changes]
    told = (found.escalation, found.procedures, found.public, found.tokens)
    others = (found.policy, found.deployment, found.flags, found.scaling, *told)
    lines += [f"~ {change}" for changes in others for change in changes]
    lines += [f"! {change} (with a restart)" for change in found.restart]
    return lines if lines else ["nothing would change"]


def _document(found: Difference, anew: frozenset[str]) -> dict[str, object]:
    changed = [
        {"rule": name, "window": "anew" if name in anew else "kept", "changes": [_change(one) for one in changes]}
        for name, changes in found.changed.items()
    ]
    return {
        "same": not found.reloads and not found.restart,
        "added": found.added,
        "removed": found.removed,
        "changed": changed,
        "policy": [_change(one) for one in found.policy],
        "deployment": [_change(one) for one in found.deployment],
        "flags": [_change(one) for one in found.flags],
        "escalation": [_change(one) for one in found.escalation],
        "scaling": [_change(one) for one in found.scaling],
        "procedures": [_change(one) for one in found.procedures],
        "public": [_change(one) for one in found.public],
        "tokens": [_change(one) for one in found.tokens],
        "restart": [_change(one) for one in found.restart],
    }


def _change(change: Change) -> dict[str, str]:
    return {"path": change.path, "before": change.before, "after": change.after}
