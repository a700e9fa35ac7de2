"""The command line, one module per command group, each loaded when it is asked for."""

import importlib
import sys
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

from daemon.cli.faults import told
from daemon.cli.output import Exit

PANELS = MappingProxyType(
    {
        "What happened, and what now": {
            "status": ("daemon.cli.status", "status"),
            "incidents": ("daemon.cli.acting.incidents", "incidents_app"),
            "actions": ("daemon.cli.acting.actions", "actions_app"),
            "approvals": ("daemon.cli.acting.approvals", "approvals_app"),
            "sop": ("daemon.cli.sop.commands", "sop_app"),
            "health": ("daemon.cli.health", "health"),
        },
        "Hold, switch and take back": {
            "rollback": ("daemon.cli.acting.rollback", "rollback_app"),
            "stop-automation": ("daemon.cli.acting.automation", "stop_automation"),
            "resume-automation": ("daemon.cli.acting.automation", "resume_automation"),
            "flags": ("daemon.cli.flags.commands", "flags_app"),
            "scale": ("daemon.cli.scale.commands", "scale_app"),
        },
        "Bring out a version": {
            "deploy": ("daemon.cli.acting.deploy", "deploy"),
            "deployments": ("daemon.cli.acting.deployments", "deployments_app"),
            "validate": ("daemon.cli.validate", "validate_app"),
        },
        "Tell people": {
            "escalation": ("daemon.cli.escalation", "escalation_app"),
            "silence": ("daemon.cli.acting.silences", "silence_app"),
            "maintenance": ("daemon.cli.acting.silences", "maintenance_app"),
            "communications": ("daemon.cli.acting.communications", "communications_app"),
            "status-page": ("daemon.cli.status_page", "status_page_app"),
        },
        "Account for money": {
            "ledger": ("daemon.cli.core.ledger", "ledger_app"),
            "audit": ("daemon.cli.audit", "audit_app"),
            "costs": ("daemon.cli.costs.commands", "costs_app"),
            "ach": ("daemon.cli.core.ach", "ach_app"),
            "fraud": ("daemon.cli.core.fraud", "fraud_app"),
            "vault": ("daemon.cli.core.vault", "vault_app"),
            "migrate": ("daemon.cli.core.migrate.commands", "migrate_app"),
        },
        "Set it up": {
            "up": ("daemon.cli.up", "up"),
            "run": ("daemon.cli.run", "run"),
            "core": ("daemon.cli.core.serve", "core_app"),
            "rules": ("daemon.cli.rules.commands", "rules_app"),
            "config": ("daemon.cli.config", "config_app"),
        },
    }
)
"""Module and name of each command, as the help shows them: loading all takes two seconds, loading one a part of it."""
COMMANDS = MappingProxyType({name: place for panel in PANELS.values() for name, place in panel.items()})
_PANEL_OF = MappingProxyType({name: title for title, panel in PANELS.items() for name in panel})


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
        command.rich_help_panel = _PANEL_OF[cmd_name]
        return command

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - as click has it.
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002 - as click has it.
        **extra: Any,  # noqa: ANN401 - as click has it.
    ) -> Any:  # noqa: ANN401 - see the class
        """Run one command, and end the process with its exit code. What it did not foresee is one line as well."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)  # noqa: FBT003
        except typer.Abort:
            code = Exit.NO
        except Exception as fault:
            if not standalone_mode:
                raise
            code = told(fault)
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else Exit.DONE)


HELP = """Watches an AWS-native payment system and repairs it.

At 03:00: tillwatch status. What broke, what was done, why not more, and is every cent accounted for?

Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 the daemon, AWS or the disk refused."""

app = typer.Typer(
    name="tillwatch",
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def tillwatch() -> None:
    """Before any command; the help is that of `app`."""


def main() -> None:
    """Run one command; the exit codes are those of `daemon.cli.output.Exit`."""
    app()
