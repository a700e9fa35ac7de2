"""The commands of ``tillwatch config``: check the files, print their schema, tell two configurations apart."""

from pathlib import Path
from typing import Annotated

import typer

from config.load import FLAG_DOCUMENT, Configuration, load_configuration
from config.loading.problems import ConfigurationError, Problem
from config.whole.schema import Kind, json_schema
from daemon.cli.config_diff import diff
from daemon.cli.options import Json, directory_with
from daemon.cli.output import Exit, fail, print_json, say

config_app = typer.Typer(name="config", help="Check and describe the configuration.", no_args_is_help=True)

_Directory = Annotated[
    Path | None,
    directory_with("any of the files of the configuration"),
]


@config_app.command("check")
def check(config: _Directory = None, as_json: Json = False) -> None:  # noqa: FBT002 - typer makes it a flag.
    """Load everything that a start would load. Exit 0, or 2 with every problem by file and line."""
    try:
        configuration = load_configuration(config)
        _compile(configuration)
    except ConfigurationError as error:
        if as_json:
            print_json({"ok": False, "problems": error.problems})
        fail(str(error), Exit.BAD_INPUT)
    counts = {
        "rules": sum(len(rule_file.value.rules) for rule_file in configuration.rule_files),
        "rule_files": len(configuration.rule_files),
        "freezes": len(configuration.policy.guard.freezes),
        "tokens": len(configuration.settings.tokens),
    }
    if as_json:
        print_json({"ok": True, "problems": [], **counts})
    else:
        named = ", ".join(_counted(count, name.replace("_", " ")) for name, count in counts.items())
        say(f"{named}: the configuration can be used")


@config_app.command("schema")
def schema(
    what: Annotated[Kind, typer.Argument(help="The kind of file.")],
    as_json: Json = False,  # noqa: ARG001, FBT002 - it is JSON in any case.
) -> None:
    """Print the JSON Schema of one kind of file, with or without --json."""
    print_json(json_schema(what))


config_app.command("diff")(diff)


def _compile(configuration: Configuration) -> None:
    """Compile the rules as a start would; the compiler is loaded only here, ``schema`` has no use for it."""
    from checks.rules import compile_rules  # noqa: PLC0415 - see above.
    from checks.scoring.compile import compile_fraud  # noqa: PLC0415 - see above.
    from daemon.flags.checking import compiled  # noqa: PLC0415 - see above.
    from remediation.deployment.gates.checked import check_gates  # noqa: PLC0415 - see above.
    from remediation.errors import WorldRefused  # noqa: PLC0415 - see above.
    from remediation.flags.state import FlagBook  # noqa: PLC0415 - see above.

    compile_rules(configuration.rule_files)
    check_gates(configuration.deployment.gates)
    compile_fraud(configuration.fraud)
    try:
        compiled(FlagBook(document=configuration.flag_document))
    except WorldRefused as fault:
        fix = "mend it; docs/flags.md has the format"
        raise ConfigurationError((Problem(FLAG_DOCUMENT, 0, 0, fault.detail, fix),)) from fault


def _counted(count: int, plural: str) -> str:
    return f"{count} {plural.removesuffix('s') if count == 1 else plural}"
