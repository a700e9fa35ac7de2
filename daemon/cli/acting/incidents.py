"""``tillwatch incidents``: what broke, what was done about it, why not more; and what people do to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.acting.communications import communicate, update
from daemon.cli.asking_daemon import ask, name_of
from daemon.cli.options import Json, Reason, Token, Url
from daemon.cli.output import Exit, fail, print_json, say
from daemon.clock import SystemClock
from daemon.http.doors.incidents import IncidentReview, IncidentStory
from daemon.http.resources import IncidentDocument, IncidentList
from daemon.http.words.wording import (
    OUTCOME_WORDS,
    REASON_WORDS,
    action_words,
    duration,
    moment,
    response_words,
    subject_text,
    what_was_done,
)
from remediation.decide import reading
from remediation.escalation.chain import Chain, ChainState
from remediation.escalation.notices import NoticeStatus
from remediation.incidents.times import Times
from remediation.state import DecisionSummary

incidents_app = typer.Typer(
    no_args_is_help=True, help="Incidents: list them, show one with every decision, take one on, close it, review it."
)
incidents_app.command("communicate")(communicate)
incidents_app.command("update")(update)

Id = Annotated[str, typer.Argument(help="Such as inc-25, from the list.", metavar="ID")]
Note = Annotated[str, typer.Option(help="Goes into the journal beside your name.")]
NoteText = Annotated[str, typer.Argument(help="What is to be remembered.", metavar="TEXT")]
Every = Annotated[bool, typer.Option("--all", help="Those that are over or part of another, too.")]


@incidents_app.command("list")
def list_(
    url: Url = "",
    token: Token = "",
    every: Every = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What is broken now, newest first. Exit 0, also when nothing is."""
    found = [one for one in _known(url, token) if every or (one.resolved_at_ms == 0 and not one.merged_into)]
    if as_json:
        print_json(IncidentList(incidents=found))
        return
    if not found:
        say("no incident is open")
    for one in found:
        for line in _lines(one):
            say(line)


@incidents_app.command("show")
def show(incident: Id, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """One incident: what was seen, each decision with its reason, who is told. Exit 1 when there is none."""
    name = name_of(incident, "an incident")
    story: IncidentStory = ask("GET", url, token, f"incidents/{name}", IncidentStory)
    if as_json:
        print_json(story)
        return
    found = story.incident
    for line in _lines(found):
        say(line)
    for line in (*_parts(story), *_people(story.escalation), *_took(story.times), *_procedures(story)):
        say(f"  {line}")
    told = [(one.at_ms, f"{one.state}: {reading(one)}") for one in found.findings]
    told += [(one.at_ms, _decided(one)) for one in found.decisions]
    for at_ms, text in sorted(told, key=lambda one: one[0]):
        say(f"  {moment(at_ms).text}  {text}")


@incidents_app.command("ack")
def ack(incident: Id, url: Url = "", token: Token = "", note: Note = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Take it on: nobody else is told. Again before your time is over, to have all of it again."""
    _acted("ack", incident, url, token, {"note": note}, as_json=as_json)


@incidents_app.command("unack")
def unack(incident: Id, url: Url = "", token: Token = "", note: Note = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Give it back: people are told from the beginning."""
    _acted("unack", incident, url, token, {"note": note}, as_json=as_json)


@incidents_app.command("resolve")
def resolve(incident: Id, reason: Reason, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Close it. What is still measured to be so a while later opens it again."""
    _acted("resolve", incident, url, token, {"reason": reason}, as_json=as_json)


@incidents_app.command("note")
def note(incident: Id, text: NoteText, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Write something down about it, for whoever comes next and for the review. Nobody is told."""
    _acted("note", incident, url, token, {"note": text}, as_json=as_json)


@incidents_app.command("merge")
def merge(
    incident: Id,
    into: Annotated[str, typer.Option(help="The incident that speaks for both from here on.", metavar="ID")],
    reason: Reason,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Say that two incidents have one cause. It cannot be taken back."""
    body = {"into": name_of(into, "an incident"), "reason": reason}
    _acted("merge", incident, url, token, body, as_json=as_json)


@incidents_app.command("review")
def review(
    incident: Id,
    url: Url = "",
    token: Token = "",
    out: Annotated[Path | None, typer.Option(help="A file to write it to.")] = None,
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """The document for the time after it: figures, timeline, what was not done and why, questions for people."""
    name = name_of(incident, "an incident")
    found: IncidentReview = ask("GET", url, token, f"incidents/{name}/review", IncidentReview)
    if out is not None:
        try:
            out.write_text(found.markdown, encoding="utf-8")
        except OSError as fault:
            fail(f"{out} cannot be written: {fault}\n  fix: give another place by --out", Exit.BAD_INPUT)
    if as_json:
        print_json(found)
    elif out is None:
        say(found.markdown)
    else:
        say(f"the review of {found.incident_id} is in {out}")


def _acted(what: str, incident: str, url: str, token: str, body: dict[str, str], *, as_json: bool) -> None:
    name = name_of(incident, "an incident")
    story: IncidentStory = ask("POST", url, token, f"incidents/{name}/{what}", IncidentStory, body)
    if as_json:
        print_json(story)
        return
    for line in _lines(story.incident):
        say(line)


def _known(url: str, token: str) -> list[IncidentDocument]:
    found: IncidentList = ask("GET", url, token, "incidents", IncidentList)
    return found.incidents


def _lines(one: IncidentDocument) -> Iterator[str]:
    since = f"since {moment(one.opened_at_ms).text} UTC, runbook {one.runbook}"
    yield f"{one.id}  {one.state}  severity {one.severity}  {one.rule_id} for {subject_text(one.subject)}, {since}"
    if one.merged_into:
        yield f"  part of {one.merged_into}"
    elif one.joined:
        yield f"  speaks for {one.joined} more"
    yield f"  {what_was_done(one)}"
    asked = response_words(one.response, one, SystemClock().now_ms())
    if asked:
        yield f"  {asked}"


def _parts(story: IncidentStory) -> Iterator[str]:
    for one in story.members:
        yield f"with {one.id}: {one.rule_id} for {subject_text(one.subject)}, {one.state}"


def _procedures(story: IncidentStory) -> Iterator[str]:
    """What to walk for it, and what was walked."""
    if story.procedure and story.incident.resolved_at_ms == 0:
        yield f"what to do: tillwatch sop run {story.procedure} --incident {story.incident.id}"
    for run in story.walked:
        stands = f"stands at {run.stands_at}" if run.outcome is None else run.outcome
        yield f"{run.id}: {run.procedure} by {', '.join(run.people)}, {stands}"


def _people(chain: Chain | None) -> Iterator[str]:
    if chain is None:
        return
    if chain.state is ChainState.HELD:
        yield f"nobody is told: {chain.held_by}"
    for one in chain.notices:
        if one.status is not NoticeStatus.VOID:
            notice = one.notice
            detail = f" ({one.detail})" if one.detail else ""
            yield f"{notice.target.person} by {notice.target.channel}, {notice.kind}: {one.status}{detail}"
    if chain.next_step is not None:
        yield f"next {moment(chain.next_step.at_ms).text} UTC: {chain.next_step.level} ({chain.next_step.tier})"


def _took(times: Times) -> Iterator[str]:
    spans = (("taken on", times.acknowledge_ms), ("mitigated", times.mitigate_ms), ("over", times.resolve_ms))
    told = [f"seen after {duration(times.detect_ms)}"]
    told += [f"{name} after {duration(span)}" for name, span in spans if span is not None]
    yield ", ".join(told)


def _decided(one: DecisionSummary) -> str:
    if not one.act:
        wanted = f"did not {action_words(one.action)}" if one.action else "did nothing"
        return f"{wanted} ({one.reason}): {REASON_WORDS[one.reason]}. {one.detail}".rstrip()
    outcome = "in progress" if one.outcome is None else OUTCOME_WORDS[one.outcome]
    seen = f" ({one.outcome_detail})" if one.outcome_detail else ""
    return f"{action_words(one.action)} on {one.target}: {outcome}{seen}"
