"""``tillwatch deployments``: what is on its way and how the others went; hold one, let it go on, end it."""

import time
from typing import Annotated

import msgspec
import typer
from rich.live import Live

from daemon.cli.acting.deploy import POLL_SECONDS, end
from daemon.cli.acting.deployment_words import RULE_OF_STOPS, View, gates_of, line_of, table_of
from daemon.cli.asking_daemon import ask, confirmed, name_of
from daemon.cli.options import Force, Json, Reason, Token, Url
from daemon.cli.output import console, print_json, say

deployments_app = typer.Typer(no_args_is_help=True, help="Deployments: list, show, pause, resume, abort.")

Id = Annotated[str, typer.Argument(help="Such as dep-2.0.0-41, from the list.", metavar="ID")]


class _Known(msgspec.Struct):
    """A deployment as rules know it, also one that was not asked for here."""

    id: str
    version: str
    environment: str
    strategy: str
    phase: str
    status: str
    weight_percent: int


class _List(msgspec.Struct):
    deployments: list[_Known]


@deployments_app.command("list")
def list_(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Newest first, also those of others that events told of."""
    found: _List = ask("GET", url, token, "deployments", _List)
    if as_json:
        print_json(found)
        return
    if not found.deployments:
        say("no deployment is known")
    for one in found.deployments:
        share = f"{one.weight_percent} % of the traffic"
        say(f"{one.id}  {one.status}  {one.version} on {one.environment}, {one.strategy}, {one.phase}, {share}")


@deployments_app.command("show")
def show(
    deployment: Id,
    url: Url = "",
    token: Token = "",
    follow: Annotated[bool, typer.Option(help="Until it has ended.")] = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What it does now, what it waits for, what would end it; with --follow the exit code says how it ended."""
    place = f"deployments/{name_of(deployment, 'a deployment')}"
    view: View = ask("GET", url, token, place, View)
    if follow:
        with Live(table_of(view), console=console, auto_refresh=False) as live:
            while view.run.outcome is None:
                time.sleep(POLL_SECONDS)
                view = ask("GET", url, token, place, View)
                live.update(table_of(view), refresh=True)
        end(view, as_json=as_json, waited=True)
        return
    if as_json:
        print_json(view)
        return
    say(line_of(view))
    console.print(table_of(view))
    gates = gates_of(view)
    if gates is not None:
        console.print(gates)
    if view.run.outcome is None:
        say(RULE_OF_STOPS)
    elif view.run.detail:
        say(view.run.detail)


@deployments_app.command("pause")
def pause(deployment: Id, reason: Reason, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Begin no further step. What was begun ends, and a bad release is taken back all the same."""
    _asked("pause", deployment, {"reason": reason}, url, token, as_json=as_json)


@deployments_app.command("resume")
def resume(deployment: Id, reason: Reason, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Go on after a pause, or give a step that is held the whole of its time once more."""
    _asked("resume", deployment, {"reason": reason}, url, token, as_json=as_json)


@deployments_app.command("abort")
def abort(
    deployment: Id,
    reason: Reason,
    url: Url = "",
    token: Token = "",
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """End it: its traffic is given back, and what it prepared is undone."""
    skipped = confirmed(f"End {deployment}? Its traffic goes back to the version before.", force=force)
    _asked("abort", deployment, {"reason": reason, "force": bool(skipped)}, url, token, as_json=as_json)


def _asked(what: str, deployment: str, body: dict[str, object], url: str, token: str, *, as_json: bool) -> None:
    name = name_of(deployment, "a deployment")
    end(ask("POST", url, token, f"deployments/{name}/{what}", View, body), as_json=as_json, waited=False)
