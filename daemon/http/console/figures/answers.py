"""The four questions of 03:00, each answered in a line: what broke, what was done, why not more, every cent; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.findings import State as ReadingState
from checks.readings import Reading
from config.rules.rule_file import Rule
from daemon.http.console.figures.shown import Tone
from daemon.http.console.incident.rows import seen_rows, why_not_rows
from daemon.http.console.page import LedgerRow, Page
from daemon.http.words.wording import (
    OUTCOME_WORDS,
    REASON_WORDS,
    action_words,
    against,
    age,
    counted,
    subject_text,
    what_was_done,
)
from remediation.decisions import OutcomeStatus, Reason
from remediation.guardrails.halts import halted
from remediation.incidents.fold import members_of
from remediation.state import HOUR_MS, Incident, State

_DONE = frozenset({OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE})
_TONE_BY_LEDGER: dict[str, Tone] = {"balanced": "good", "broken": "bad", "no_data": "odd"}


@dataclass(frozen=True, slots=True)
class Answer:
    """name: of the question, for scripts. href: where more of it is. ack: the incident that may be taken on here."""

    name: str
    question: str
    words: str
    href: str = ""
    tone: Tone = ""
    ack: str = ""


def answers(
    page: Page, state: State, rules: Mapping[str, Rule], readings: Sequence[Reading], now_ms: int
) -> tuple[Answer, ...]:
    """For the whole system: of the gravest open incident with its group, and how many more there are."""
    found = sorted(
        (one for one in state.incidents.values() if one.is_counted_open),
        key=lambda one: (one.severity, -one.opened_at_ms),
    )
    if not found:
        return (
            Answer("broke", "What broke", page.verdict.detail, tone="good" if page.verdict.level == "safe" else "odd"),
            Answer("done", "What was done", _done_lately(state, now_ms), "#panel-hour"),
            Answer("why-not", "Why not more", _held_lately(page, state, now_ms), "#panel-why-not"),
            cents(page.ledger),
        )
    gravest, more = found[0], len(found) - 1
    group = (gravest, *members_of(state, gravest.id))
    href = f"/console/incidents/{gravest.id}"
    others = f" {counted(more, 'more incident')} open." if more else ""
    return (
        Answer(
            "broke",
            "What broke",
            broke(gravest, rules, readings, now_ms) + others,
            href,
            "bad",
            "" if gravest.acknowledged_at_ms else gravest.id,
        ),
        Answer("done", "What was done", done(group, state, now_ms), href),
        Answer("why-not", "Why not more", _asked(page) + why_not(group, now_ms), "#panel-why-not"),
        cents(page.ledger),
    )


def broke(incident: Incident, rules: Mapping[str, Rule], readings: Sequence[Reading], now_ms: int) -> str:
    """What is measured now, or was last, against which limit, and for how long it lasts or lasted."""
    rule = rules.get(incident.rule_id)
    named = incident.rule_id if rule is None or not rule.summary else rule.summary.rstrip(".")
    lasted_ms = (incident.resolved_at_ms if incident.resolved_at_ms else now_ms) - incident.opened_at_ms
    last = "lasted" if incident.resolved_at_ms else "for"
    value = _value(incident, rules, readings, now_ms)
    return f"{named}{value}. {subject_text(incident.subject)}, {last} {age(max(0, lasted_ms))}."


def _value(incident: Incident, rules: Mapping[str, Rule], readings: Sequence[Reading], now_ms: int) -> str:
    last = incident.findings[-1] if incident.findings else None
    if last is None:
        return ""
    now = next((one for one in readings if one.rule_id == last.rule_id and one.key == last.key), None)
    if now is not None and now.state is ReadingState.CLEARED:
        return f": clear again, {now.shown}"
    (seen,) = seen_rows((incident,), rules, now_ms)
    shown = seen.shown if now is None or now.state is ReadingState.NO_DATA else now.shown
    return f": {shown}{against(seen.limit)}"


def done(group: Sequence[Incident], state: State, now_ms: int) -> str:
    """The last thing that was done about any of them; and that nothing will be, where automation is stopped."""
    acted = sorted((one for part in group for one in part.decisions if one.act), key=lambda one: one.sequence)
    if acted:
        last = acted[-1]
        outcome = "in progress" if last.outcome is None else OUTCOME_WORDS[last.outcome]
        more = f" ({counted(len(acted), 'action')} in all)" if len(acted) > 1 else ""
        words = f"{_begun(action_words(last.action))}: {outcome}, decided {age(max(0, now_ms - last.at_ms))} ago{more}."
    else:
        words = f"{_begun(what_was_done(group[0]))}."
    held = halted(state)
    return f"{words} {_begun(held)}: nothing acts by itself." if held else words


def why_not(group: Sequence[Incident], now_ms: int) -> str:
    """The newest reason for which something was not done, and how many more there are."""
    rows = why_not_rows(group, now_ms)
    if not rows:
        return "Nothing more was asked for."
    newest = rows[0]
    what = f"Did not {newest.action}" if newest.action else "Did nothing"
    more = f" {counted(len(rows) - 1, 'more reason')}." if len(rows) > 1 else ""
    return f"{what} because {newest.words}.{more}"


def cents(ledger: LedgerRow) -> Answer:
    """Whether every cent is accounted for, by the last proof."""
    when = "" if ledger.checked is None else f" Checked at {ledger.checked.text}."
    return Answer("cents", "Every cent", f"{ledger.words}{when}", "/console/ledger", _TONE_BY_LEDGER[ledger.state])


def _asked(page: Page) -> str:
    if not page.waiting:
        return ""
    more = f" and {counted(len(page.waiting) - 1, 'more question')}" if len(page.waiting) > 1 else ""
    return f"Waits for people: {page.waiting[0].what}{more}. "


def _done_lately(state: State, now_ms: int) -> str:
    acted = [one for one in state.actions.values() if one.decided_at_ms > now_ms - HOUR_MS]
    if not acted:
        return "Nothing in the last hour."
    bad = sum(one.status not in _DONE for one in acted)
    last = f"{_begun(action_words(acted[-1].action))} {age(now_ms - acted[-1].decided_at_ms)} ago."
    return f"{counted(len(acted), 'action')} in the hour, {f'{bad} not as meant' if bad else 'each in effect'}. {last}"


def _held_lately(page: Page, state: State, now_ms: int) -> str:
    held = [one for one in state.decisions if not one.act and one.reason is not Reason.CLEARED]
    recent = [one for one in held if one.at_ms > now_ms - HOUR_MS and one.action]
    if not recent:
        return f"{_asked(page)}Nothing was held back in the last hour."
    newest = recent[-1]
    return f"{_asked(page)}Did not {action_words(newest.action)} because {REASON_WORDS[newest.reason]}."


def _begun(text: str) -> str:
    """With a capital letter at its begin."""
    return f"{text[:1].upper()}{text[1:]}"
