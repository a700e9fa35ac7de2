"""What became of a finding, told by journal entries: a story for each decision and for each notice that was sent."""

from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from remediation.decisions import IN_EFFECT, Decision, Outcome
from remediation.escalation.notices import Notice
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import EscalationStep, EscalationTold, NoticeFailed, NoticeSent
from remediation.journal.kinds import Intent, body_of
from remediation.tracing import CALLED, WHOLE, span_id_of, trace_id_of

STORIES_MAX = 1_000
"""Decisions without an outcome that are remembered; actions end within minutes, so more means that none ends."""
TRACES_MAX = 4_000
"""Traces whose first decision is known: a finding is decided on anew for as long as it lasts, some minutes."""
NOTICES_MAX = 10_000
"""Notices that wait for a channel: as many as a storm may leave behind an outage of all of them."""
FACT, RULE, DECIDED, INTENT, VERIFIED, NOTICE = (
    "fact received",
    "rule evaluated",
    "decided",
    "intent journaled",
    "verified",
    "notice sent",
)
"""Names of spans, beside CALLED."""

Attribute = str | int | float | bool


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time with a name. Times: Unix epoch milliseconds, the end never before the start."""

    name: str
    span_id: str
    start_ms: float
    end_ms: float
    attributes: Mapping[str, Attribute]
    fault: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a trace that is whole: a step, and the steps in it. parent_id: of the first, empty when it has none.

    cause: the ``traceparent`` that the fact came with, empty when it had none.
    """

    trace_id: str
    whole: Step
    steps: tuple[Step, ...] = ()
    parent_id: str = ""
    cause: str = ""


class _Begun(msgspec.Struct, kw_only=True):
    """A decision that acts and has no outcome yet."""

    decision: Decision
    entry: Entry
    is_first: bool
    intent_at_ms: int = 0


class Stories:
    """Reads entries in order. forgotten: decisions and notices that were dropped because too many had no end."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._notices: OrderedDict[str, tuple[Notice, int]] = OrderedDict()
        self._traces: OrderedDict[str, None] = OrderedDict()

    def take(self, entry: Entry) -> Story | None:
        """The story that ends with this entry, if one does. Raises JournalCorrupt."""
        match body_of(entry):
            case Decision() as decision if not decision.act:
                begun = _Begun(decision=decision, entry=entry, is_first=self._is_first(decision))
                return _story(begun, entry.at_ms, {"till.outcome": "not_acted"}, ())
            case Decision() as decision:
                self._begin(decision, entry)
            case Intent() as intent if intent.decision_id in self._begun:
                self._begun[intent.decision_id].intent_at_ms = entry.at_ms
            case Outcome() as outcome if outcome.decision_id in self._begun:
                return _told(self._begun.pop(outcome.decision_id), outcome, entry.at_ms)
            case EscalationStep(notices=notices) | EscalationTold(notices=notices):
                self._wait(notices, entry.at_ms)
            case NoticeSent() | NoticeFailed(final=True) as answer if answer.notice_id in self._notices:
                return _noticed(*self._notices.pop(answer.notice_id), answer, entry.at_ms)
            case _:
                pass
        return None

    def _begin(self, decision: Decision, entry: Entry) -> None:
        if len(self._begun) >= STORIES_MAX:
            self._begun.popitem(last=False)
            self.forgotten += 1
        self._begun[decision.id] = _Begun(decision=decision, entry=entry, is_first=self._is_first(decision))

    def _is_first(self, decision: Decision) -> bool:
        """Whether nothing of its trace was told before; what is decided anew later is a part of the first."""
        trace_id = trace_of(decision)
        if trace_id in self._traces:
            self._traces.move_to_end(trace_id)
            return False
        if len(self._traces) >= TRACES_MAX:
            self._traces.popitem(last=False)
        self._traces[trace_id] = None
        return True

    def _wait(self, notices: tuple[Notice, ...], at_ms: int) -> None:
        self._notices.update({one.id: (one, at_ms) for one in notices if one.trace_id})
        while len(self._notices) > NOTICES_MAX:
            self._notices.popitem(last=False)
            self.forgotten += 1


def trace_of(decision: Decision) -> str:
    """Its trace; of an entry of an older version as it would be now."""
    return decision.trace_id if decision.trace_id else trace_id_of(decision.finding)


def _told(begun: _Begun, outcome: Outcome, ended_at_ms: int) -> Story:
    decision, decided_at_ms = begun.decision, begun.entry.at_ms
    until_ms = begun.intent_at_ms if begun.intent_at_ms else ended_at_ms
    steps = [_step(_id(decision, begun.entry, INTENT), INTENT, decided_at_ms, until_ms, {}, outcome.refusal)]
    if outcome.called_at_ms:
        seen_ms = ended_at_ms if outcome.verified_ms is None else outcome.called_at_ms + outcome.verified_ms
        acted = {"till.action": decision.action, "till.target": decision.target}
        steps.append(_step(_id(decision, begun.entry, CALLED), CALLED, until_ms, outcome.called_at_ms, acted))
        fault = "" if outcome.status in IN_EFFECT else outcome.detail
        seen = {"till.detail": outcome.detail}
        verified = _id(decision, begun.entry, VERIFIED)
        steps.append(_step(verified, VERIFIED, outcome.called_at_ms, seen_ms, seen, fault))
    fault = "" if outcome.status in IN_EFFECT else _first(outcome.refusal, outcome.detail, outcome.status.value)
    attributes: dict[str, Attribute] = {"till.outcome": outcome.status.value}
    if outcome.cause_to_call_ms is not None:
        attributes["till.cause_to_call_ms"] = outcome.cause_to_call_ms
    return _story(begun, ended_at_ms, attributes, tuple(steps), fault)


def _story(
    begun: _Begun,
    ended_at_ms: int,
    attributes: dict[str, Attribute],
    steps: tuple[Step, ...],
    fault: str = "",
) -> Story:
    decision, entry, trace_id = begun.decision, begun.entry, trace_of(begun.decision)
    finding, first_id = decision.finding, span_id_of(trace_id, WHOLE)
    about: dict[str, Attribute] = {
        "till.decision": decision.id,
        "till.entry": entry.sequence,
        "till.rule": finding.rule_id,
        "till.severity": finding.severity,
        "till.reason": decision.reason.value,
        "till.action": decision.action,
        "till.target": decision.target,
        "till.detail": decision.detail,
        **attributes,
    }
    whole_id = first_id if begun.is_first else _id(decision, entry, WHOLE)
    return Story(
        trace_id=trace_id,
        whole=_step(whole_id, f"decide {finding.rule_id}", finding.at_ms, ended_at_ms, about, fault),
        steps=(*_beginning(decision, entry), *steps),
        parent_id="" if begun.is_first else first_id,
        cause=finding.traceparent,
    )


def _beginning(decision: Decision, entry: Entry) -> tuple[Step, ...]:
    """From the event that tipped the rule until it was taken over, evaluated, decided on and the decision on disk."""
    finding = decision.finding
    heard_ms = max(finding.at_ms, finding.heard_at_ms)
    seen: dict[str, Attribute] = {
        "till.rule": finding.rule_id,
        "till.subject": finding.subject,
        "till.breach": finding.breach,
        "till.samples": finding.samples,
    }
    if finding.value is not None:
        seen["till.value"] = finding.value
    return (
        _step(_id(decision, entry, FACT), FACT, finding.at_ms, heard_ms, {"till.fact": finding.fact_id}),
        _step(_id(decision, entry, RULE), RULE, heard_ms, decision.at_ms, seen),
        _step(
            _id(decision, entry, DECIDED), DECIDED, decision.at_ms, entry.at_ms, {"till.reason": decision.reason.value}
        ),
    )


def _noticed(notice: Notice, since_ms: int, answer: NoticeSent | NoticeFailed, at_ms: int) -> Story:
    """A notice in the trace of what it tells; its parent is the trace's first span, whenever that is told."""
    told: dict[str, Attribute] = {
        "till.incident": notice.incident_id,
        "till.notice": notice.id,
        "till.kind": notice.kind,
        "till.step": notice.step,
        "till.channel": answer.channel,
    }
    fault = answer.why if isinstance(answer, NoticeFailed) else ""
    step = _step(span_id_of(notice.trace_id, NOTICE, notice.id), NOTICE, since_ms, at_ms, told, fault)
    return Story(trace_id=notice.trace_id, whole=step, parent_id=span_id_of(notice.trace_id, WHOLE))


def _id(decision: Decision, entry: Entry, name: str) -> str:
    """Of a span of this decision; another decision of the same trace has others."""
    return span_id_of(trace_of(decision), name, entry.sequence)


def _first(*texts: str) -> str:
    return next((text for text in texts if text), "")


def _step(
    span_id: str, name: str, start_ms: float, end_ms: float, attributes: Mapping[str, Attribute], fault: str = ""
) -> Step:
    """Event times come from other clocks: a step that would end before it starts takes no time."""
    end_ms = max(start_ms, end_ms)
    return Step(name=name, span_id=span_id, start_ms=start_ms, end_ms=end_ms, attributes=attributes, fault=fault)
