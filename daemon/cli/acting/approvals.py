"""``tillwatch approvals``: what waits for people, and their answers."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from daemon.cli.asking_daemon import ask, name_of
from daemon.cli.options import Json, Token, Url
from daemon.cli.output import Exit, fail, print_json, say

approvals_app = typer.Typer(no_args_is_help=True, help="What waits for people: list it, approve it, refuse it.")

Id = Annotated[str, typer.Argument(help="Such as apr-1234, from the list.", metavar="ID")]


class _Answer(msgspec.Struct):
    by: str


class Approval(msgspec.Struct):
    """One question as the daemon tells it."""

    id: str
    change: str
    subject: str
    digest: str
    what: str
    requested_by: str
    needed: int
    expires_at_ms: int
    status: str
    given: list[_Answer] = []
    refused_by: str = ""
    refused_why: str = ""


class _Approvals(msgspec.Struct):
    approvals: list[Approval]


@approvals_app.command("list")
def list_(
    url: Url = "",
    token: Token = "",
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What is asked, newest first. Exit 0, also when nothing is."""
    found = [one for one in _asked(url, token) if every or one.status in {"waiting", "approved"}]
    if as_json:
        print_json(_Approvals(found))
        return
    if not found:
        say("nothing waits for people")
    for one in found:
        say(_line(one))


@approvals_app.command("approve")
def approve(
    approval: Id,
    url: Url = "",
    token: Token = "",
    digest: Annotated[str, typer.Option(help="What you looked at; what stands in the list now when left out.")] = "",
    note: Annotated[str, typer.Option(help="Goes into the journal beside your name.")] = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Agree to what is asked. Exit 1 when your yes does not count, with the reason."""
    name = name_of(approval, "an approval")
    if not digest:
        found = next((one for one in _asked(url, token) if one.id == name), None)
        if found is None:
            fail(f"there is no approval {name}\n  fix: copy its id from tillwatch approvals list", Exit.NO)
        digest = found.digest
    body = {"answer": "approve", "digest": digest, "note": note}
    _told(ask("POST", url, token, f"approvals/{name}", Approval, body), as_json=as_json)


@approvals_app.command("refuse")
def refuse(
    approval: Id,
    reason: Annotated[str, typer.Option(help="Why; whoever asked reads it.")],
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Do not agree, which ends it."""
    body = {"answer": "refuse", "note": reason}
    name = name_of(approval, "an approval")
    _told(ask("POST", url, token, f"approvals/{name}", Approval, body), as_json=as_json)


def _asked(url: str, token: str) -> list[Approval]:
    found: _Approvals = ask("GET", url, token, "approvals", _Approvals)
    return found.approvals


def _told(one: Approval, *, as_json: bool) -> None:
    if as_json:
        print_json(one)
    else:
        say(_line(one))


def _line(one: Approval) -> str:
    until = datetime.fromtimestamp(one.expires_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    given = f", approved by {', '.join(answer.by for answer in one.given)}" if one.given else ""
    refused = f", refused by {one.refused_by}: {one.refused_why}" if one.refused_by else ""
    asked = f"{one.needed} needed, asked by {one.requested_by}, until {until}"
    return f"{one.id}  {one.status}  {one.change}: {one.what} ({asked}{given}{refused}; digest {one.digest[:12]})"
