"""``tillwatch incidents``: what broke, what was done about it, and why not more."""

from collections.abc import Iterator
from typing import Annotated

import typer

from daemon.cli.asking_daemon import Json, Token, Url, ask, name_of
from daemon.cli.output import Exit, fail, print_json, say
from daemon.clock import SystemClock
from daemon.http.resources import IncidentDocument, IncidentList
from daemon.http.words.wording import (
    OUTCOME_WORDS,
    REASON_WORDS,
    action_words,
    moment,
    response_words,
    subject_text,
    what_was_done,
)
from remediation.decide import reading
from remediation.state import DecisionSummary

incidents_app = typer.Typer(no_args_is_help=True, help="Incidents: list them, show one with every decision about it.")


@incidents_app.command("list")
def list_(
    url: Url = "",
    token: Token = "",
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What is broken now, newest first. Exit 0, also when nothing is."""
    found = [one for one in _known(url, token) if every or one.resolved_at_ms == 0]
    if as_json:
        print_json(IncidentList(incidents=found))
        return
    if not found:
        say("no incident is open")
    for one in found:
        for line in _lines(one):
            say(line)


@incidents_app.command("show")
def show(
    incident: Annotated[str, typer.Argument(help="Such as inc-25, from the list.", metavar="ID")],
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """One incident: what was seen, and each decision with its reason. Exit 1 when there is none of this name."""
    name = name_of(incident, "an incident")
    found = next((one for one in _known(url, token) if one.id == name), None)
    if found is None:
        fail(f"there is no incident {name}\n  fix: copy its id from tillwatch incidents list --all", Exit.NO)
    if as_json:
        print_json(found)
        return
    told = [(one.at_ms, f"{one.state}: {reading(one)}") for one in found.findings]
    told += [(one.at_ms, _decided(one)) for one in found.decisions]
    for line in _lines(found):
        say(line)
    for at_ms, text in sorted(told, key=lambda one: one[0]):
        say(f"  {moment(at_ms).text}  {text}")


def _known(url: str, token: str) -> list[IncidentDocument]:
    found: IncidentList = ask("GET", url, token, "incidents", IncidentList)
    return found.incidents


def _lines(one: IncidentDocument) -> Iterator[str]:
    since = f"since {moment(one.opened_at_ms).text} UTC, runbook {one.runbook}"
    yield f"{one.id}  {one.state}  severity {one.severity}  {one.rule_id} for {subject_text(one.subject)}, {since}"
    yield f"  {what_was_done(one)}"
    asked = response_words(one.response, one, SystemClock().now_ms())
    if asked:
        yield f"  {asked}"


def _decided(one: DecisionSummary) -> str:
    if not one.act:
        wanted = f"did not {action_words(one.action)}" if one.action else "did nothing"
        return f"{wanted} ({one.reason}): {REASON_WORDS[one.reason]}. {one.detail}".rstrip()
    outcome = "in progress" if one.outcome is None else OUTCOME_WORDS[one.outcome]
    seen = f" ({one.outcome_detail})" if one.outcome_detail else ""
    return f"{action_words(one.action)} on {one.target}: {outcome}{seen}"
