"""What holds for every command alike: its options, how it refuses what cannot be used, and how it ends."""

import errno
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException
from typer.testing import CliRunner, Result

from daemon.cli import COMMANDS, PANELS, app
from daemon.cli.faults import told
from daemon.cli.output import Exit

CARD_NUMBER = "4111111111111111"
SERVERS = {"run", "core serve"}
"""What they say of themselves is JSON in any case, and their logs are."""

OWN_WORDS = {
    "--actor": "who does it is asked for where numbers are destroyed, and is an operator elsewhere",
    "--against": "rules or a directory, to compare with",
    "--all": "each list says what it leaves out",
    "--answer": "to a step, or to a question",
    "--component": "of health, or of capacity",
    "--config": "each command says which files it reads",
    "--deployment-id": "of a release to take back, or to look at",
    "--follow": "until it has ended, or until Ctrl-C",
    "--for": "of a run, a silence, a number of units",
    "--from": "a moment, or a question",
    "--job": "one, or all of them",
    "--out": "a file, or a directory",
    "--profile": "what we send is checked more strictly than what banks send",
    "--rate": "of records, or of facts",
    "--reason": "where it goes, and whether it has to be given",
    "--resume": "a run, or an undoing",
    "--scenario": "of a run, or of the continuity plan",
    "--wait": "for processes, or for the end of a deployment",
    "--yes": "to what cannot harm",
}
"""Options of one name whose words differ because what they are about does, and how."""

DIFFERENT = {
    ("--data-dir", "costs simulate"): "measures of a core are added only where they are asked for",
    ("--dry-run", "migrate run"): "it does everything but the commit",
    **{("--force", f"flags {act}"): "it passes a freeze" for act in ("set", "ramp", "revert", "kill", "revive")},
    ("--force", "vault shred"): "without it, it only says what would be lost",
    **{("--url", f"validate {area}"): "beside settings" for area in ("performance", "costs", "security")},
    ("--url", "rules explain"): "a daemon is asked only where one is named",
}

TOO_LONG = "a" * 5000
"""No file system has a name like this."""

OptionWords = tuple[str | None, object, object]


@cache
def leaves() -> dict[str, Any]:
    """Every command by its words; typer does not publish the type of one."""
    return dict(_leaves(typer.main.get_command(app), ()))


def _leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above.
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from _leaves(command.get_command(context, name), (*words, name))


def options_of(name: str) -> Iterator[Any]:
    return (one for one in leaves()[name].params if one.opts[0].startswith("-"))


def test_the_help_shows_each_command_once_and_the_answer_to_all_four_questions_first() -> None:
    assert [name for panel in PANELS.values() for name in panel] == list(COMMANDS)
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "At 03:00: tillwatch status" in shown
    assert [name for name in COMMANDS if f" {name} " not in shown] == []


def test_an_option_has_the_same_words_and_the_same_default_wherever_it_is() -> None:
    said: dict[str, dict[OptionWords, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in leaves():
        for option in options_of(name):
            flag = option.opts[0]
            if flag not in OWN_WORDS and (flag, name) not in DIFFERENT:
                said[flag][(option.help, str(option.default), str(option.envvar))].append(name)
    assert {flag: dict(words) for flag, words in said.items() if len(words) > 1} == {}


def test_every_command_answers_in_json_and_every_help_is_a_sentence() -> None:
    silent = {name for name in leaves() if not any("--json" in option.opts for option in options_of(name))}
    assert silent == SERVERS
    said = {f"{name} {one.opts[0]}": one.help for name, command in leaves().items() for one in command.params}
    said |= {name: command.help.partition("\n\n")[0] for name, command in leaves().items()}
    assert {place: words for place, words in said.items() if not words or words[-1] not in ".?"} == {}


def unusable(name: str) -> list[str]:
    """The command as it may be typed, but for one value: a place, else an address, else an argument."""
    flags = {option.opts[0] for option in options_of(name)}
    bad = next((flag for flag in ("--config", "--data-dir", "--url") if flag in flags), "")
    words = name.split()
    for one in leaves()[name].params:
        if one.opts[0] == bad or not one.required:
            continue
        value = {"--for": "2h", "--from": "2026-12-01T02:00Z", "--job": "customers"}.get(one.opts[0], "one")
        words += [one.opts[0], value] if one.opts[0].startswith("-") else ["rule=one" if "match" in one.name else value]
    return [*words, bad, "nonsense" if bad == "--url" else TOO_LONG] if bad else [*words[:-1], TOO_LONG]


@pytest.mark.parametrize("name", sorted({*leaves()} - {"up", "core serve"}))
def test_what_cannot_be_used_ends_with_2_and_one_line_that_says_what_to_do(name: str) -> None:
    refused: Result = CliRunner().invoke(app, unusable(name))
    assert isinstance(refused.exception, SystemExit)
    assert (refused.exit_code, refused.stdout) == (2, ""), refused.output
    assert "fix: " in refused.stderr
    named = ("nonsense", TOO_LONG[:200], "'one'", "payments.db", "--out")
    assert any(value in refused.stderr for value in named), refused.stderr
    assert "this is a fault of tillwatch" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fly",), "tillwatch: No such command 'fly'"),
        (("flags", "kill"), "tillwatch flags kill: Missing argument 'FLAG'"),
        (("flags", "kill", "x", "--reason", "y", "--wait", "soon"), "tillwatch flags kill: Invalid value for '--wait'"),
        (("ledger", "verify", "--jsno"), "tillwatch ledger verify: No such option: --jsno"),
    ],
)
def test_a_word_that_is_mistyped_is_told_in_one_line_with_the_help_that_is_about_it(
    arguments: tuple[str, ...], said: str
) -> None:
    refused = CliRunner().invoke(app, arguments)
    what, fix = refused.stderr.splitlines()
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert what.startswith(said)
    assert fix == f"  fix: see {said.partition(':')[0]} --help"


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (OSError(errno.EACCES, "Permission denied", "/srv/journal.db"), 2, "/srv/journal.db: Permission denied\n"),
        (OSError(errno.ENOSPC, "No space left on device", b"/srv/x"), 3, "/srv/x: No space left on device\n"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), 3, "ConnectionResetError: [Errno 104]"),
        (TyperException("it is so."), 2, "tillwatch: it is so\n  fix: see tillwatch --help\n"),
        (KeyError(CARD_NUMBER), 3, "this is a fault of tillwatch and not yours: KeyError: "),
    ],
)
def test_what_no_command_foresaw_is_one_line_and_never_a_card_number(
    fault: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TILLWATCH_TRACEBACK", raising=False)
    assert told(fault) == Exit(code)
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert "\n  fix: " in err
    assert "Traceback" not in err
    assert CARD_NUMBER not in err


def test_who_mends_a_fault_sees_where_it_was(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILLWATCH_TRACEBACK", "1")
    assert told(KeyError(CARD_NUMBER)) is Exit.WORLD_REFUSED
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith("KeyError: ")
    assert CARD_NUMBER not in err
