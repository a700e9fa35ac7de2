"""Every command of every procedure is one that the program has, and what it does to the world is known."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from config.load import load_configuration
from config.procedures.check import HealthCheck
from config.procedures.commands import LOOKS, MILD, Nature, nature_of
from config.procedures.placeholders import filled, placeholders_of
from config.procedures.procedure import Procedure
from daemon.cli import app as command_line

ROOT = Path(__file__).resolve().parents[3]
PROCEDURES = [one.value for one in load_configuration(None, {}).procedures]
HARM = {
    "actions undo", "approvals approve", "approvals refuse", "communications approve", "communications refuse",
    "core serve", "deploy", "deployments abort", "deployments pause", "deployments resume", "flags kill",
    "flags ramp", "flags revert", "flags revive", "flags set", "incidents communicate", "incidents merge",
    "incidents resolve", "incidents update", "maintenance announce", "maintenance end",
    "migrate cancel", "migrate pause", "migrate report", "migrate run", "migrate undo", "migrate verify",
    "resume-automation", "rollback complete", "rollback emergency", "rollback traffic", "run", "scale set",
    "silence add", "silence expire", "sop diagnose", "sop resume", "sop run", "sop undo", "status-page build",
    "stop-automation", "up", "vault reencrypt", "vault retire", "vault rotate", "vault shred",
}  # fmt: skip
"""What a procedure asks about before it is done; a command that is in no list is asked about, too."""
VALUES = {"incident": "inc-1", "starts": "2026-12-06T02:00-05:00", "version": "2.0.0", "units": "4", "lasts": "2h"}


def leaves(known: Any, words: tuple[str, ...] = ()) -> Iterator[str]:  # noqa: ANN401 - the types are typer's own
    """Every command that does something, by its words."""
    if not hasattr(known, "commands") and not hasattr(known, "list_commands"):
        yield " ".join(words)
        return
    for name in known.list_commands(typer.Context(known)):
        yield from leaves(known.get_command(typer.Context(known), name), (*words, name))


def commands_of(procedure: Procedure) -> Iterator[tuple[str, ...]]:
    """Every command that it shows or runs."""
    for step in procedure.steps:
        yield from (words for words in (step.command, step.undo, step.check.command) if words)
    for question in procedure.tree.values():
        yield from (
            words for words in (question.look, () if question.check is None else question.check.command) if words
        )


def parsed(command: tuple[str, ...]) -> str:
    """What the program says of these words; empty when it would run them."""
    values = {name: VALUES.get(name, "value") for name in placeholders_of(command)}
    words = list(filled(command, values))[1:]
    known: Any = typer.main.get_command(command_line)
    context = typer.Context(known)
    while hasattr(known, "list_commands"):
        if not words:
            return "it is a group and not a command"
        following = known.get_command(context, words[0])
        if following is None:
            return f"there is no {words[0]}"
        known, words = following, words[1:]
    try:
        known.make_context(known.name, words)
    except Exception as fault:  # noqa: BLE001 - click's own, which typer does not publish
        return str(fault) or repr(fault)
    return ""


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda one: one.name)
def test_the_program_would_take_every_command_of_a_procedure(procedure: Procedure) -> None:
    found = {command: parsed(command) for command in commands_of(procedure)}
    assert found
    assert {command: said for command, said in found.items() if said} == {}


def test_a_command_that_the_program_does_not_have_would_be_found() -> None:
    assert parsed(("tillwatch", "flags", "kil")) == "there is no kil"
    assert "reason" in parsed(("tillwatch", "flags", "kill", "instant-payouts")).lower()
    assert parsed(("tillwatch", "flags")) == "it is a group and not a command"
    assert "nonsense" in parsed(("tillwatch", "health", "--nonsense"))


def test_what_each_command_does_to_the_world_is_said() -> None:
    known = set(leaves(typer.main.get_command(command_line)))
    assert (LOOKS | MILD) - known == set()
    unsaid = known - LOOKS - MILD - HARM
    assert unsaid == set(), f"say in config/procedures/commands.py or here what these do: {sorted(unsaid)}"
    assert not HARM & (LOOKS | MILD)


def test_a_command_of_which_nothing_is_said_is_taken_to_harm() -> None:
    assert nature_of(("tillwatch", "launch", "--json")) is Nature.HARMS
    assert nature_of(("tillwatch", "flags", "kill", "x", "--dry-run")) is Nature.LOOKS
    assert nature_of(("tillwatch", "vault", "shred", "key")) is Nature.HARMS


def test_the_page_has_every_packaged_procedure_and_how_often_it_comes_back() -> None:
    page = (ROOT / "docs" / "procedures.md").read_text("utf-8")
    table = page.partition("## The packaged ones")[2].partition("\n## ")[0]
    named = dict(re.findall(r"`([a-z-]+)`(?: \((\d+) d\))?", table.partition("What comes back")[0]))
    assert named == {one.name: f"{one.every / 86_400:g}" if one.every else "" for one in PROCEDURES}


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda one: one.name)
def test_a_procedure_asks_for_components_that_there_are(procedure: Procedure) -> None:
    page = (ROOT / "docs" / "health.md").read_text("utf-8")
    checks = [*(one.check for one in procedure.steps), *(one.check for one in procedure.tree.values())]
    asked = [check.component for check in checks if isinstance(check, HealthCheck)]
    assert [name for name in asked if f"| `{name}` |" not in page] == []
