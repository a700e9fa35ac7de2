"""What became of a finding, told by journal entries: one story for each decision, whole when its outcome is known."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from remediation.decisions import IN_EFFECT, Decision, Outcome
from remediation.journal.entry import Entry
from remediation.journal.kinds import Intent, body_of

STORIES_MAX = 1_000
"""Decisions without an outcome that are remembered; actions end within minutes, so more means that none ends."""


Attribute = str | int | float | bool


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time with a name. Times: Unix epoch milliseconds, the end never before the start."""

    name: str
    start_ms: float
    end_ms: float
    attributes: Mapping[str, Attribute]
    fault: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A decision from cause to end. whole: over everything; steps: signal, decision, preflight, act, verify."""

    decision_id: str
    whole: Step
    steps: tuple[Step, ...]


class _Begun(msgspec.Struct, kw_only=True):
    """A decision that acts and has no outcome yet."""

    decision: Decision
    decided_at_ms: int
    intent_at_ms: int = 0


class Stories:
    """Reads entries in order. forgotten: decisions that were dropped because too many had no outcome."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._begun: OrderedDict[str, _Begun] = OrderedDict()

    def take(self, entry: Entry) -> Story | None:
        """The story that ends with this entry, if one does. Raises JournalCorrupt."""
        match body_of(entry):
            case Decision() as decision if not decision.act:
                return _untouched(decision, entry.at_ms)
            case Decision() as decision:
                self._begin(decision, entry.at_ms)
            case Intent() as intent if intent.decision_id in self._begun:
                self._begun[intent.decision_id].intent_at_ms = entry.at_ms
            case Outcome() as outcome if outcome.decision_id in self._begun:
                return _told(self._begun.pop(outcome.decision_id), outcome, entry.at_ms)
            case _:
                pass
        return None

    def _begin(self, decision: Decision, at_ms: int) -> None:
        if len(self._begun) >= STORIES_MAX:
            self._begun.popitem(last=False)
            self.forgotten += 1
        self._begun[decision.id] = _Begun(decision=decision, decided_at_ms=at_ms)


def trace_id_of(decision_id: str) -> int:
    """The trace of a decision: the first 16 bytes of the SHA-256 of its id, so that whoever has the id finds it."""
    return int.from_bytes(hashlib.sha256(decision_id.encode()).digest()[:16]) or 1


def _untouched(decision: Decision, decided_at_ms: int) -> Story:
    return Story(
        decision_id=decision.id,
        whole=_whole(decision, decided_at_ms, {"till.outcome": "not_acted"}),
        steps=_beginning(decision, decided_at_ms),
    )


def _told(begun: _Begun, outcome: Outcome, ended_at_ms: int) -> Story:
    decision = begun.decision
    steps = list(_beginning(decision, begun.decided_at_ms))
    until_ms = begun.intent_at_ms or ended_at_ms
    steps.append(_step("preflight", begun.decided_at_ms, until_ms, {}, outcome.refusal))
    if outcome.called_at_ms:
        seen_ms = ended_at_ms if outcome.verified_ms is None else outcome.called_at_ms + outcome.verified_ms
        acted = {"till.action": decision.action, "till.target": decision.target}
        steps.append(_step("act", begun.intent_at_ms or begun.decided_at_ms, outcome.called_at_ms, acted))
        fault = "" if outcome.status in IN_EFFECT else outcome.detail
        steps.append(_step("verify", outcome.called_at_ms, seen_ms, {"till.detail": outcome.detail}, fault))
    fault = "" if outcome.status in IN_EFFECT else outcome.refusal or outcome.detail or outcome.status.value
    attributes: dict[str, Attribute] = {"till.outcome": outcome.status.value}
    if outcome.cause_to_call_ms is not None:
        attributes["till.cause_to_call_ms"] = outcome.cause_to_call_ms
    return Story(decision_id=decision.id, whole=_whole(decision, ended_at_ms, attributes, fault), steps=tuple(steps))


def _whole(decision: Decision, ended_at_ms: int, attributes: dict[str, Attribute], fault: str = "") -> Step:
    finding = decision.finding
    about: dict[str, Attribute] = {
        "till.decision": decision.id,
        "till.rule": finding.rule_id,
        "till.severity": finding.severity,
        "till.reason": decision.reason.value,
        "till.action": decision.action,
        "till.target": decision.target,
        "till.detail": decision.detail,
        **attributes,
    }
    return _step(f"decide {finding.rule_id}", finding.at_ms, ended_at_ms, about, fault)


def _beginning(decision: Decision, decided_at_ms: int) -> tuple[Step, ...]:
    """From the event that tipped the rule until it was decided on, and until the decision was on disk."""
    finding = decision.finding
    seen: dict[str, Attribute] = {
        "till.rule": finding.rule_id,
        "till.subject": finding.subject,
        "till.breach": finding.breach,
        "till.samples": finding.samples,
        "till.fact": finding.fact_id,
    }
    if finding.value is not None:
        seen["till.value"] = finding.value
    return (
        _step("signal", finding.at_ms, decision.at_ms, seen),
        _step("decision", decision.at_ms, decided_at_ms, {"till.reason": decision.reason.value}),
    )


def _step(name: str, start_ms: float, end_ms: float, attributes: Mapping[str, Attribute], fault: str = "") -> Step:
    """Event times come from other clocks: a step that would end before it starts takes no time."""
    return Step(name=name, start_ms=start_ms, end_ms=max(start_ms, end_ms), attributes=attributes, fault=fault)
