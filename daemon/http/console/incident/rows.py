"""The rows of an incident's page: its timeline, what was seen and done, why not more, and who was told; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from checks.findings import Finding
from daemon.http.words.sentences import Rules, Tone, sentence
from daemon.http.words.wording import (
    NO_DATA,
    OUTCOME_WORDS,
    REASON_WORDS,
    Moment,
    action_words,
    duration,
    key_text,
    measured,
    moment,
    window,
)
from remediation.decisions import Decision, Outcome, OutcomeStatus
from remediation.escalation.chain import Chain, ChainState
from remediation.escalation.notices import NoticeState, NoticeStatus
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import EscalationBody
from remediation.journal.incident_kinds import IncidentBody
from remediation.journal.kinds import Intent, body_of
from remediation.journal.procedure_kinds import ProcedureBody
from remediation.state import ActionState, DecisionSummary, Incident

Lane = Literal["seen", "decided", "not done", "done", "told", "people", "procedure", "before"]
STORY_ROWS = 300
"""The newest; the journal's page has the rest."""
TOLD_ROWS = 40


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One entry. since: after the incident began; before it with a minus. lane: which of its threads it belongs to."""

    sequence: int
    at: Moment
    since: str
    lane: Lane
    tone: Tone
    text: str
    detail: str
    actor: str


@dataclass(frozen=True, slots=True)
class SeenRow:
    """What one of the group's rules saw last. limit, clear: of the rule, when it breached and when it would be over."""

    incident_id: str
    rule_id: str
    summary: str
    place: str
    shown: str
    limit: str
    clear: str
    samples: int
    window: str
    at: Moment
    over: bool


@dataclass(frozen=True, slots=True)
class WhyNotRow:
    """An action that was not taken. times: how often it was decided so. at: the last time."""

    key: str
    action: str
    words: str
    detail: str
    times: int
    at: Moment


@dataclass(frozen=True, slots=True)
class DoneRow:
    """An action, step by step: what happened, and when. undo: whether a person may take it back."""

    decision_id: str
    action: str
    target: str
    why: str
    steps: tuple[tuple[str, Moment | None, str], ...]
    state: str
    tone: str
    undo: bool


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One notice: to whom, by which channel, what became of it."""

    key: str
    person: str
    channel: str
    what: str
    state: str
    tone: str
    at: Moment
    detail: str


def story_rows(entries: Sequence[Entry], rules: Rules, began_at_ms: int, now_ms: int) -> tuple[StoryRow, ...]:
    """Newest first."""
    return tuple(_story_row(entry, rules, began_at_ms, now_ms) for entry in reversed(entries[-STORY_ROWS:]))


def _story_row(entry: Entry, rules: Rules, began_at_ms: int, now_ms: int) -> StoryRow:
    said = sentence(entry, rules)
    gone_ms = entry.at_ms - began_at_ms
    return StoryRow(
        sequence=entry.sequence,
        at=moment(entry.at_ms, now_ms),
        since=f"{'+' if gone_ms >= 0 else '-'}{duration(abs(gone_ms))}",
        lane=_lane(entry),
        tone=said.tone,
        text=said.text,
        detail=said.detail,
        actor=entry.actor,
    )


def _lane(entry: Entry) -> Lane:
    body = body_of(entry)
    lane: Lane = "before"
    if isinstance(body, Finding):
        lane = "seen"
    elif isinstance(body, Decision):
        lane = "decided" if body.act else "not done"
    elif isinstance(body, Intent | Outcome):
        lane = "done"
    elif isinstance(body, EscalationBody):
        lane = "told"
    elif isinstance(body, IncidentBody):
        lane = "people"
    elif isinstance(body, ProcedureBody):
        lane = "procedure"
    return lane


def seen_rows(group: Iterable[Incident], rules: Rules, now_ms: int) -> tuple[SeenRow, ...]:
    """The last reading of each incident of the group; what was found without a finding is left out."""
    return tuple(_seen(one, one.findings[-1], rules, now_ms) for one in group if one.findings)


def _seen(incident: Incident, last: Finding, rules: Rules, now_ms: int) -> SeenRow:
    rule = rules.get(incident.rule_id)
    return SeenRow(
        incident_id=incident.id,
        rule_id=incident.rule_id,
        summary="" if rule is None else rule.summary,
        place=key_text(last.key),
        shown=measured(last.value, last.breach, rule),
        limit=last.breach,
        clear="" if rule is None else rule.clear,
        samples=last.samples,
        window=window(last.window_seconds),
        at=moment(last.at_ms, now_ms),
        over=incident.over,
    )


def why_not_rows(group: Iterable[Incident], now_ms: int) -> tuple[WhyNotRow, ...]:
    """Newest first; the same reason for the same action is one row."""
    rows: dict[str, WhyNotRow] = {}
    decisions = sorted((one for part in group for one in part.decisions if not one.act), key=lambda one: one.sequence)
    for one in decisions:
        key = f"{one.action}|{one.reason}"
        before = rows.pop(key, None)
        rows[key] = WhyNotRow(
            key=key,
            action=action_words(one.action) if one.action else "",
            words=REASON_WORDS[one.reason],
            detail=one.detail,
            times=1 if before is None else before.times + 1,
            at=moment(one.at_ms, now_ms),
        )
    return tuple(reversed(rows.values()))


def done_rows(group: Iterable[Incident], actions: dict[str, ActionState], now_ms: int) -> tuple[DoneRow, ...]:
    """Newest first, with whatever took one of them back."""
    decisions = sorted((one for part in group for one in part.decisions if one.act), key=lambda one: -one.sequence)
    return tuple(_done(one, actions.get(one.decision_id), now_ms) for one in decisions)


def _done(decision: DecisionSummary, action: ActionState | None, now_ms: int) -> DoneRow:
    status = decision.outcome if action is None else action.status
    undone = "" if action is None else action.undone_by
    state = "in progress" if status is None else OUTCOME_WORDS[status]
    good = status in {OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE}
    return DoneRow(
        decision_id=decision.decision_id,
        action=action_words(decision.action),
        target=decision.target,
        why=decision.detail,
        steps=tuple(_steps(decision, action, now_ms)),
        state=f"taken back by {undone}" if undone else state,
        tone="pending" if status is None or undone else "cleared" if good else "breached",
        undo=action is not None and status is OutcomeStatus.VERIFIED and not undone and not action.undoes,
    )


def _steps(
    decision: DecisionSummary, action: ActionState | None, now_ms: int
) -> Iterator[tuple[str, Moment | None, str]]:
    yield "decided", moment(decision.at_ms, now_ms), ""
    if action is None:
        return
    if action.intended_at_ms:
        found = ", ".join(f"{name} {value}" for name, value in sorted(action.before.items()))
        yield "intent on disk", moment(action.intended_at_ms, now_ms), f"found {found}" if found else ""
    if action.called_at_ms:
        after = "" if action.cause_to_call_ms is None else f"{duration(action.cause_to_call_ms)} after the cause"
        yield "called", moment(action.called_at_ms, now_ms), after
    if action.ended_at_ms:
        took = "" if action.verified_ms is None else f"seen in effect {duration(action.verified_ms)} after the call"
        yield "looked at", moment(action.ended_at_ms, now_ms), took if took else action.detail
    if action.undone_by:
        yield "taken back", None, action.undone_by


def told_rows(chain: Chain | None, now_ms: int) -> tuple[ToldRow, ...]:
    """Newest first; what there was nothing to tell of any more is left out."""
    if chain is None:
        return ()
    told = [one for one in chain.notices if one.status is not NoticeStatus.VOID]
    return tuple(_told(one, now_ms) for one in reversed(told[-TOLD_ROWS:]))


def _told(one: NoticeState, now_ms: int) -> ToldRow:
    state, tone = {
        NoticeStatus.WAITING: (f"waits, {one.tries} tries failed" if one.tries else "waits", "pending"),
        NoticeStatus.SENT: ("taken", "cleared"),
        NoticeStatus.FAILED: ("not delivered", "breached"),
        NoticeStatus.VOID: ("void", "no_data"),
    }[one.status]
    target = one.notice.target
    return ToldRow(
        key=one.notice.id,
        person=target.person,
        channel=one.through if one.through else target.channel,
        what={"trigger": f"step {one.notice.step}", "acknowledge": "taken on", "resolve": "over"}[one.notice.kind],
        state=f"{state}, then told that it is {_FOLLOWED[one.followed]}" if one.followed else state,
        tone=tone,
        at=moment(one.ended_at_ms if one.ended_at_ms else one.since_ms, now_ms),
        detail=one.detail,
    )


_FOLLOWED = {"trigger": "open again", "acknowledge": "taken on", "resolve": "over"}


def next_words(chain: Chain | None, now_ms: int) -> str:
    """Who is told next and in how long, or why nobody is."""
    if chain is None:
        return f"{NO_DATA}: nobody was to be told of it yet"
    step = chain.next_step
    if step is not None:
        left_ms = step.at_ms - now_ms
        when = f"in {duration(left_ms)}" if left_ms > 0 else "now"
        whom = ", ".join(one.person for one in step.targets)
        also = f", and {action_words(step.action)} is tried" if step.action else ""
        return f"{when}: {step.level} ({step.tier}), {whom if whom else 'nobody is on duty'}{also}"
    return {
        ChainState.RUNNING: "everybody was told",
        ChainState.SPENT: "everybody was told, and nobody answered",
        ChainState.ACKNOWLEDGED: "nobody: somebody has taken it on",
        ChainState.HELD: f"nobody for now: {chain.held_by}",
        ChainState.OVER: "nobody: it is over",
    }[chain.state]
