"""``tillwatch actions``: what automation did, and taking it back."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from daemon.cli.asking_daemon import ask, confirmed, name_of
from daemon.cli.options import DryRun, Force, Json, Reason, Token, Url
from daemon.cli.output import Exit, fail, print_json, say

actions_app = typer.Typer(no_args_is_help=True, help="What automation did: list it, take it back.")

IN_EFFECT = "verified"


class _Action(msgspec.Struct):
    decision_id: str
    action: str
    target: str
    decided_at_ms: int
    status: str | None = None
    detail: str = ""
    undoes: str = ""
    undone_by: str = ""


class _Actions(msgspec.Struct):
    actions: list[_Action]


class _Outcome(msgspec.Struct):
    status: str
    action: str
    target: str
    verified_ms: float | None = None


class _Undone(msgspec.Struct):
    decision_id: str
    detail: str
    outcome: _Outcome | None


@actions_app.command("list")
def list_(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """What automation did, newest first."""
    found: _Actions = ask("GET", url, token, "actions", _Actions)
    if as_json:
        print_json(found)
        return
    if not found.actions:
        say("automation did nothing yet")
    for one in found.actions:
        at = datetime.fromtimestamp(one.decided_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        status = "in progress" if one.status is None else one.status
        undone = f", taken back by {one.undone_by}" if one.undone_by else ""
        undoes = f" of {one.undoes}" if one.undoes else ""
        say(f"{one.decision_id}  {at}  {one.action}{undoes} on {one.target}: {status}{undone} {one.detail}".rstrip())


@actions_app.command("undo")
def undo(
    decision: Annotated[
        str, typer.Argument(help="Such as dec-0123456789abcdef, from the list.", metavar="DECISION_ID")
    ],
    reason: Reason,
    url: Url = "",
    token: Token = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Restore what the action found. Exit 0 when it is seen to be so, 1 when it is refused or is not so."""
    name = name_of(decision, "a decision")
    question = f"Take {name} back, and restore what was so before it?"
    skipped = [] if dry_run else confirmed(question, force=force)
    body = {"reason": reason, "skipped": skipped, "dry_run": dry_run}
    found: _Undone = ask("POST", url, token, f"actions/{name}/undo", _Undone, body)
    if as_json:
        print_json(found)
    elif found.outcome is None:
        say(found.detail)
    else:
        say(f"{found.outcome.action} on {found.outcome.target}: {found.outcome.status}: {found.detail}")
    if found.outcome is not None and found.outcome.status != IN_EFFECT:
        fail("it was not seen to be as before", Exit.NO)
