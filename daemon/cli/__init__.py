"""The command line, one module per command group, each loaded when it is asked for."""

import importlib
import sys
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

from daemon.cli.output import Exit

COMMANDS = MappingProxyType(
    {
        "up": ("daemon.cli.up", "up"),
        "run": ("daemon.cli.run", "run"),
        "health": ("daemon.cli.health", "health"),
        "incidents": ("daemon.cli.acting.incidents", "incidents_app"),
        "escalation": ("daemon.cli.escalation", "escalation_app"),
        "silence": ("daemon.cli.acting.silences", "silence_app"),
        "maintenance": ("daemon.cli.acting.silences", "maintenance_app"),
        "deploy": ("daemon.cli.acting.deploy", "deploy"),
        "deployments": ("daemon.cli.acting.deployments", "deployments_app"),
        "rollback": ("daemon.cli.acting.rollback", "rollback_app"),
        "flags": ("daemon.cli.flags.commands", "flags_app"),
        "validate": ("daemon.cli.validate", "validate_app"),
        "stop-automation": ("daemon.cli.acting.automation", "stop_automation"),
        "resume-automation": ("daemon.cli.acting.automation", "resume_automation"),
        "approvals": ("daemon.cli.acting.approvals", "approvals_app"),
        "communications": ("daemon.cli.acting.communications", "communications_app"),
        "status-page": ("daemon.cli.status_page", "status_page_app"),
        "actions": ("daemon.cli.acting.actions", "actions_app"),
        "core": ("daemon.cli.core.serve", "core_app"),
        "rules": ("daemon.cli.rules.commands", "rules_app"),
        "config": ("daemon.cli.config", "config_app"),
        "audit": ("daemon.cli.audit", "audit_app"),
        "ledger": ("daemon.cli.core.ledger", "ledger_app"),
        "ach": ("daemon.cli.core.ach", "ach_app"),
        "fraud": ("daemon.cli.core.fraud", "fraud_app"),
        "costs": ("daemon.cli.costs", "costs_app"),
        "scale": ("daemon.cli.scale.commands", "scale_app"),
        "sop": ("daemon.cli.sop.commands", "sop_app"),
        "vault": ("daemon.cli.core.vault", "vault_app"),
        "migrate": ("daemon.cli.core.migrate.commands", "migrate_app"),
    }
)
"""Module and name of each command: loading all of them takes two seconds, loading one a part of that."""


class Commands(TyperGroup):
    """The commands by name. The types of click are typer's own copy, which it does not publish."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - see the class
        """Every name, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - see the class
        """Load a command; None when there is none of this name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        found = getattr(importlib.import_module(place[0]), place[1])
        if isinstance(found, typer.Typer):
            # Not `get_command`: that would offer to install completion once more in every group.
            command: Any = typer.main.get_group(found)
        else:
            single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            single.command()(found)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="tillwatch",
    cls=Commands,
    help="Watches an AWS-native payment system and repairs it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def tillwatch() -> None:
    """Watches an AWS-native payment system and repairs it."""


def main() -> None:
    """Run one command; the exit codes are those of `daemon.cli.output.Exit`."""
    try:
        app()
    except typer.Abort:
        sys.exit(Exit.NO)
