"""What a rule reads now in a running daemon, and what was decided about it."""

import msgspec

from checks.compiled_rule import CompiledRule
from checks.explaining.why import Decided, Now, fingerprint, why
from checks.findings import State
from daemon.cli.asking_daemon import ask
from daemon.cli.output import Exit, fail


class _Reading(msgspec.Struct):
    key: dict[str, str]
    state: State
    shown: str
    samples: int
    value: float | None = None
    since_ms: int = 0
    fires_at_ms: int = 0


class _Rule(msgspec.Struct):
    id: str
    readings: list[_Reading]


class _Rules(msgspec.Struct):
    rules: list[_Rule]


class _Decision(msgspec.Struct):
    sequence: int
    at_ms: int
    fingerprint: str
    act: bool
    reason: str
    detail: str
    outcome: str | None = None


class _Incident(msgspec.Struct):
    decisions: list[_Decision] = []


class _Incidents(msgspec.Struct):
    incidents: list[_Incident] = []


class _Actions(msgspec.Struct):
    not_taken: list[_Decision] = []


class _Status(msgspec.Struct):
    now_ms: int


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says about one key at this moment. why: why it fires or not, and what came of it."""

    key: dict[str, str]
    state: State
    value: float | None
    shown: str
    samples: int
    since_ms: int
    fires_at_ms: int
    why: str


def current(url: str, token: str, compiled: CompiledRule) -> list[Current]:
    """What the rule says about each key; ends the command when the daemon does not answer or has no such rule."""
    rule_id = compiled.rule.id
    rules: _Rules = ask("GET", url, token, "rules", _Rules)
    rule = next((one for one in rules.rules if one.id == rule_id), None)
    if rule is None:
        fail(f"the daemon at {url} runs no rule {rule_id!r}; it was started with other rules", Exit.NO)
    decided = _decisions(url, token) if rule.readings else {}
    now_ms = ask("GET", url, token, "status", _Status).now_ms if rule.readings else 0
    return [
        _current(compiled, one, decided.get(fingerprint(rule_id, tuple(one.key.items()))), now_ms)
        for one in rule.readings
    ]


def _decisions(url: str, token: str) -> dict[str, _Decision]:
    """The newest decision about each rule and key, also of those that did nothing."""
    actions: _Actions = ask("GET", url, token, "actions", _Actions)
    incidents: _Incidents = ask("GET", url, token, "incidents", _Incidents)
    told = [*actions.not_taken, *(one for incident in incidents.incidents for one in incident.decisions)]
    return {one.fingerprint: one for one in sorted(told, key=lambda one: one.sequence)}


def _current(compiled: CompiledRule, reading: _Reading, decision: _Decision | None, now_ms: int) -> Current:
    now = Now(
        state=reading.state,
        value=reading.value,
        shown=reading.shown,
        samples=reading.samples,
        since_ms=reading.since_ms,
        fires_at_ms=reading.fires_at_ms,
    )
    decided = None
    # What was decided before the state began was about another breach.
    if decision is not None and decision.at_ms >= reading.since_ms:
        outcome = "" if decision.outcome is None else decision.outcome
        decided = Decided(decision.act, decision.reason, decision.detail, outcome)
    return Current(
        key=reading.key,
        state=reading.state,
        value=reading.value,
        shown=reading.shown,
        samples=reading.samples,
        since_ms=reading.since_ms,
        fires_at_ms=reading.fires_at_ms,
        why=why(compiled, now, decided, now_ms),
    )
