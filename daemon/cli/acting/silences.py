"""``tillwatch silence`` and ``tillwatch maintenance``: what nobody is told of for a while, and announced work."""

from typing import Annotated

import typer

from daemon.cli.asking_daemon import ask, name_of
from daemon.cli.moments import moment_ms, shown, span_ms
from daemon.cli.options import Json, Reason, Token, Url
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.http.doors.quiet import MaintenanceDocument, MaintenanceList, SilenceDocument, SilenceList

silence_app = typer.Typer(no_args_is_help=True, help="Silences: tell nobody of what matches, for a while.")
maintenance_app = typer.Typer(no_args_is_help=True, help="Maintenance: announce it, list it, end it.")

Lasting = Annotated[str, typer.Option("--for", help="How long, such as 2h.")]
Starting = Annotated[str, typer.Option("--from", help="When it begins, with an offset; now when left out.")]
Emergency = Annotated[bool, typer.Option("--emergency", help="15 minutes ahead are enough, else 48 hours.")]
Every = Annotated[bool, typer.Option("--all", help="Those that are over, too.")]


@silence_app.command("add")
def add(
    matchers: Annotated[
        list[str],
        typer.Argument(
            help="All must hold, such as rule=NAME severity!=critical region=~us-.*, each one word.",
            metavar="MATCHER...",
        ),
    ],
    lasting: Lasting,
    comment: Reason,
    starts: Starting = "",
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Tell nobody of incidents that match; at its end of what still burns. Exit 2 when a matcher cannot be read."""
    starts_ms = moment_ms(starts) if starts else SystemClock().now_ms()
    body = {
        "matchers": matchers,
        "ends_at_ms": starts_ms + span_ms(lasting),
        "comment": comment,
        "starts_at_ms": starts_ms,
    }
    _tell_silence(ask("POST", url, token, "silences", SilenceDocument, body), as_json=as_json)


@silence_app.command("list")
def list_silences(
    url: Url = "",
    token: Token = "",
    every: Every = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What is silenced, newest first. Exit 0, also when nothing is."""
    known: SilenceList = ask("GET", url, token, "silences", SilenceList)
    found = [one for one in known.silences if every or one.status != "over"]
    if as_json:
        print_json(SilenceList(silences=found))
        return
    if not found:
        say("nothing is silenced")
    for one in found:
        say(_silence_line(one))


@silence_app.command("expire")
def expire(
    silence: Annotated[str, typer.Argument(help="Such as sil-25, from the list.", metavar="ID")],
    reason: Reason,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """End a silence now; what still burns is told at once. Exit 1 when it is over already."""
    path = f"silences/{name_of(silence, 'a silence')}/expire"
    _tell_silence(ask("POST", url, token, path, SilenceDocument, {"reason": reason}), as_json=as_json)


@maintenance_app.command("announce")
def announce(
    what: Annotated[str, typer.Argument(help="What is done; whoever is woken reads it.")],
    starts: Annotated[str, typer.Option("--from", help="When it begins, with an offset.")],
    lasting: Lasting,
    emergency: Emergency = False,  # noqa: FBT002 - a flag.
    matching: Annotated[list[str] | None, typer.Option(help="What it is about; everything when left out.")] = None,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Say that work begins later: within it nobody is told of what matches, at its end of what still burns."""
    starts_ms = moment_ms(starts)
    body = {
        "kind": "emergency" if emergency else "planned",
        "what": what,
        "starts_at_ms": starts_ms,
        "ends_at_ms": starts_ms + span_ms(lasting),
        "matchers": [] if matching is None else matching,
    }
    _tell_maintenance(ask("POST", url, token, "maintenances", MaintenanceDocument, body), as_json=as_json)


@maintenance_app.command("list")
def list_maintenances(
    url: Url = "",
    token: Token = "",
    every: Every = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What was announced, newest first. Windows that come back stand in escalation.yaml."""
    known: MaintenanceList = ask("GET", url, token, "maintenances", MaintenanceList)
    found = [one for one in known.maintenances if every or one.status != "over"]
    if as_json:
        print_json(MaintenanceList(maintenances=found))
        return
    if not found:
        say("no maintenance is announced")
    for one in found:
        say(_maintenance_line(one))


@maintenance_app.command("end")
def end(
    maintenance: Annotated[str, typer.Argument(help="Such as mnt-25, from the list.", metavar="ID")],
    reason: Reason,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """End it before its time, or take it back; what still burns is told at once."""
    path = f"maintenances/{name_of(maintenance, 'a maintenance')}/end"
    _tell_maintenance(ask("POST", url, token, path, MaintenanceDocument, {"reason": reason}), as_json=as_json)


def _tell_silence(one: SilenceDocument, *, as_json: bool) -> None:
    if as_json:
        print_json(one)
    else:
        say(_silence_line(one))


def _tell_maintenance(one: MaintenanceDocument, *, as_json: bool) -> None:
    if as_json:
        print_json(one)
    else:
        say(_maintenance_line(one))


def _silence_line(one: SilenceDocument) -> str:
    span = f"{shown(one.starts_at_ms)} to {shown(one.ends_at_ms)}"
    return f"{one.id}  {_status(one.status)}  {' '.join(one.matchers)}  {span}, by {one.by}: {one.comment}"


def _maintenance_line(one: MaintenanceDocument) -> str:
    about = " ".join(one.matchers) if one.matchers else "everything"
    span = f"{shown(one.starts_at_ms)} to {shown(one.ends_at_ms)}"
    return f"{one.id}  {_status(one.status)}  {one.kind}, {about}  {span}, by {one.by}: {one.what}"


def _status(status: str) -> str:
    return status.replace("_", " ")
