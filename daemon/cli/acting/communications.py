"""``tillwatch communications``, and what ``tillwatch incidents`` tells the outside: words for the page, letters."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode

import typer

from daemon.cli.asking_daemon import ask, name_of
from daemon.cli.options import DryRun, Json, Reason, Token, Url
from daemon.cli.output import Exit, fail, print_json, say
from daemon.http.doors.public import DraftList, WordsDocument, WordsList
from daemon.http.words.wording import moment
from daemon.public.desk import LetterDraft
from remediation.public.state import Standing

communications_app = typer.Typer(
    no_args_is_help=True, help="What the outside is told: list what is proposed and sent, approve it, refuse it."
)

Incident = Annotated[str, typer.Argument(help="Such as inc-25, or mnt-7 for maintenance.", metavar="ID")]
Words = Annotated[str, typer.Argument(help="Such as upd-31 or com-32, from the list.", metavar="ID")]
_INDENT = "    "


@communications_app.command("list")
def list_(
    url: Url = "",
    token: Token = "",
    every: Annotated[bool, typer.Option("--all", help="What was published, sent or refused, too.")] = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """What waits for a person or is on its way, newest first. Exit 0, also when nothing is."""
    listed: WordsList = ask("GET", url, token, "communications", WordsList)
    shown = {Standing.WAITING, Standing.OPEN, Standing.FAILED}
    found = [one for one in listed.words if every or one.standing in shown]
    if as_json:
        print_json(WordsList(words=found))
        return
    if not found:
        say("nothing waits to be told")
    for one in found:
        for line in _lines(one, whole=one.standing is Standing.WAITING):
            say(line)


@communications_app.command("approve")
def approve(
    words: Words,
    url: Url = "",
    token: Token = "",
    reason: Annotated[str, typer.Option(help="Goes into the journal beside your name.")] = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Publish the words, or send the letter. Exit 1 when your yes does not count, with the reason."""
    _answer(words, url, token, {"answer": "approve", "reason": reason}, as_json=as_json)


@communications_app.command("refuse")
def refuse(words: Words, reason: Reason, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Never publish or send it."""
    _answer(words, url, token, {"answer": "refuse", "reason": reason}, as_json=as_json)


def communicate(
    incident: Incident,
    url: Url = "",
    token: Token = "",
    letter: Annotated[str, typer.Option(help="Which letter; with --dry-run all of them when left out.")] = "",
    template: Annotated[str, typer.Option(help="Of this kind of incident rather than its own.", metavar="KIND")] = "",
    detail: Annotated[str, typer.Option(help="What only you know, where a letter asks for it.")] = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Propose a letter to customers or providers; another person approves it. Exit 1 when it cannot be."""
    place = f"incidents/{name_of(incident, 'an incident')}"
    if dry_run:
        asked = urlencode({"kind": template, "detail": detail})
        found: DraftList = ask("GET", url, token, f"{place}/drafts?{asked}", DraftList)
        _show_drafts([one for one in found.drafts if letter in {"", one.letter}], as_json=as_json)
        return
    if not letter:
        fail("say which letter\n  fix: add --letter NAME; --dry-run shows them all", Exit.BAD_INPUT)
    body = {"letter": letter, "kind": template, "detail": detail}
    _told(ask("POST", url, token, f"{place}/communicate", WordsDocument, body), as_json=as_json)


def update(
    incident: Incident,
    url: Url = "",
    token: Token = "",
    phase: Annotated[str, typer.Option(help="Where it stands, such as monitoring; as it does when left out.")] = "",
    text: Annotated[str, typer.Option(help="Your own words; those of its kind when left out.")] = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Propose words for the status page; another person publishes them. Exit 1 when they cannot be."""
    body = {"phase": phase, "text": text}
    place = f"incidents/{name_of(incident, 'an incident')}/update"
    _told(ask("POST", url, token, place, WordsDocument, body), as_json=as_json)


def _answer(words: str, url: str, token: str, body: dict[str, str], *, as_json: bool) -> None:
    name = name_of(words, "words or a letter")
    _told(ask("POST", url, token, f"communications/{name}", WordsDocument, body), as_json=as_json)


def _told(one: WordsDocument, *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    for line in _lines(one, whole=True):
        say(line)


def _show_drafts(found: list[LetterDraft], *, as_json: bool) -> None:
    if as_json:
        print_json(DraftList(drafts=found))
        return
    if not found:
        say("there is no such letter")
    for one in found:
        for line in _draft_lines(one):
            say(line)


def _draft_lines(one: LetterDraft) -> Iterator[str]:
    counted = "not counted yet" if one.failed_payments is None else f"{one.failed_payments:,} failed payments"
    yield f"{one.letter}  to {one.audience} ({one.contacts} contacts), concerns {counted}"
    if one.already:
        yield f"{_INDENT}there is one already: {one.already}"
    if one.missing:
        yield f"{_INDENT}not known yet: {', '.join(one.missing)}"
    yield f"{_INDENT}Subject: {one.subject}"
    for line in one.body.splitlines():
        yield f"{_INDENT}{line}".rstrip()


def _lines(one: WordsDocument, *, whole: bool) -> Iterator[str]:
    to = f" to {one.to}" if one.to else ""
    answered = f", answered by {one.answered_by}" if one.answered_by else ""
    why = f" ({one.why})" if one.why else ""
    reached = f", {one.sent} of {one.contacts} have it" if one.contacts else ""
    about = f"{one.name} of {one.kind}{to} about {one.subject_id}"
    since = f"proposed {moment(one.at_ms).text} UTC by {one.by}{answered}{why}{reached}"
    yield f"{one.id}  {one.standing.value}  {one.what}: {about}, {since}"
    if whole:
        yield f"{_INDENT}{one.title}"
        for line in one.text.splitlines():
            yield f"{_INDENT}{line}".rstrip()
