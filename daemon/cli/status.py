"""``tillwatch status``: the four questions of 03:00, answered at once, with the command that says more of each."""

from collections.abc import Iterator
from typing import Any

import msgspec
import typer

from daemon.cli.asking_daemon import NOBODY_THERE, Declined, Unanswered, answered, refused
from daemon.cli.options import Json, Token, Url
from daemon.cli.output import Exit, fail, print_json, say

SEVERITIES = {1: "critical", 2: "high", 3: "medium"}
FILES_SAY = "without a daemon its files still say: tillwatch audit tail; tillwatch ledger verify"


class _Moment(msgspec.Struct):
    text: str


class _Verdict(msgspec.Struct):
    level: str
    headline: str
    detail: str


class _Incident(msgspec.Struct):
    id: str
    severity: int
    rule_id: str
    subject: str
    summary: str
    opened: _Moment
    age: str
    runbook: str
    done: str
    response: str
    resolved: bool


class _Action(msgspec.Struct):
    decision_id: str
    action: str
    target: str
    decided_at_ms: int
    status: str | None = None
    cause_to_call_ms: float | None = None
    undone_by: str = ""


class _NotTaken(msgspec.Struct):
    at: _Moment
    action: str
    rule_id: str
    subject: str
    reason: str
    words: str
    detail: str
    times: int


class _Waiting(msgspec.Struct):
    id: str
    what: str
    answers: str


class _Ledger(msgspec.Struct):
    state: str
    words: str
    checked: _Moment | None = None


class _Glance(msgspec.Struct):
    verdict: _Verdict
    incidents: list[_Incident]
    done: list[_Action]
    not_taken: list[_NotTaken]
    waiting: list[_Waiting]
    ledger: _Ledger

    @property
    def is_well(self) -> bool:
        return self.verdict.level == "safe" and self.ledger.state == "balanced"


def status(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """What broke, what was done about it, why not more, and is every cent accounted for?

    Exit 0 when all is well and the ledger balances, 1 when it is not so or not known.
    """
    told: dict[str, Any] = _asked(url, token)
    found = msgspec.convert(told, _Glance)
    if as_json:
        print_json(told)
    else:
        for line in _lines(found):
            say(line)
    raise typer.Exit(Exit.DONE if found.is_well else Exit.NO)


def _asked(url: str, token: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = answered("GET", url, token, "status", dict[str, Any])
    except Unanswered as fault:
        fail(f"{fault}\n  fix: {NOBODY_THERE}; {FILES_SAY}", Exit.WORLD_REFUSED)
    except Declined as no:
        refused(no)
    return told


def _lines(found: _Glance) -> Iterator[str]:
    yield f"{found.verdict.headline}: {found.verdict.detail}"
    yield "\nWhat broke?"
    yield from _or_nothing(_broke(found.incidents), "nothing that is on record")
    yield "\nWhat did it do about it?"
    yield from _or_nothing((_done(one) for one in found.done), "nothing in the last day")
    yield "\nWhy did it not do more?"
    yield from _or_nothing(_held(found), "nothing was held back, and nobody is asked")
    yield "\nIs every cent accounted for?"
    checked = f" Checked at {found.ledger.checked.text} UTC." if found.ledger.checked is not None else ""
    yield f"  {found.ledger.words}{checked}"
    yield from _next(found)


def _or_nothing(rows: Iterator[str], nothing: str) -> Iterator[str]:
    first = next(rows, None)
    yield f"  {nothing if first is None else first}"
    for row in rows:
        yield f"  {row}"


def _broke(incidents: list[_Incident]) -> Iterator[str]:
    for one in incidents:
        lasted = f"over after {one.age}" if one.resolved else f"open for {one.age}"
        yield (
            f"{one.id}  {SEVERITIES.get(one.severity, one.severity)}  {one.rule_id} for {one.subject}, "
            f"since {one.opened.text} UTC, {lasted}: {one.done}"
        )
        if one.summary:
            yield f"  {one.summary}"
        if one.response:
            yield f"  {one.response}"


def _done(one: _Action) -> str:
    outcome = "in progress" if one.status is None else one.status
    delay = "" if one.cause_to_call_ms is None else f", called {one.cause_to_call_ms:.0f} ms after its cause"
    undone = f", taken back by {one.undone_by}" if one.undone_by else ""
    return f"{one.action} on {one.target}: {outcome}{delay}{undone} ({one.decision_id})"


def _held(found: _Glance) -> Iterator[str]:
    for one in found.waiting:
        yield f"{one.what}: {one.answers}"
    for row in found.not_taken:
        times = f"{row.times} x " if row.times > 1 else ""
        did_not = f"did not {row.action}" if row.action else "did nothing"
        yield f"{times}{did_not} for {row.rule_id} ({row.subject}): {row.words}. {row.detail}".rstrip()


def _next(found: _Glance) -> Iterator[str]:
    """What to type now. Taking an action back is no first thing to do, so its id alone stands above."""
    yield ""
    worst = min((one for one in found.incidents if not one.resolved), key=lambda one: one.severity, default=None)
    if worst is not None:
        yield f"take it on: tillwatch incidents ack {worst.id}"
        is_address = ":" in worst.runbook
        walked = f"tillwatch sop run {worst.runbook} --incident {worst.id}"
        yield f"what to do: {worst.runbook if is_address else walked}"
    named = worst.id if worst is not None else found.incidents[0].id if found.incidents else ""
    if named:
        yield f"all of it:  tillwatch incidents show {named}"
    yield "each cent:  tillwatch ledger verify"
