"""What the fraud score said of the last hour's payments, and why payments were declined or failed, by the minute."""

from collections import Counter
from dataclasses import dataclass, field

from checks.facts import PaymentAttempted

KEPT_MINUTES = 60
REASONS_MAX = 40
"""Reasons that are counted by name in a minute; they come with the events, so they need a bound."""
OTHER = "other"
SCORE_STEP = 50
"""Scores are counted in steps of so many points; every band of the packaged fraud.yaml begins at one."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why payments did not succeed. outcome: declined or failed. recent: of the last ten minutes."""

    outcome: str
    code: str
    payments: int
    recent: int
    newest_at_ms: int


@dataclass(frozen=True, slots=True)
class FraudSeen:
    """The last hour. attempts: all payments; unscored: those that nobody could score.

    scores: payments by the lower end of their step of SCORE_STEP points. reasons: most payments first.
    """

    attempts: int
    unscored: int
    scores: dict[int, int]
    reasons: tuple[Reason, ...]


@dataclass(slots=True)
class _Minute:
    attempts: int = 0
    unscored: int = 0
    scores: Counter[int] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


class Declines:
    """Counts by event time; older than KEPT_MINUTES behind the newest is forgotten."""

    def __init__(self) -> None:
        self._minutes: dict[int, _Minute] = {}
        self._newest_at_ms: dict[tuple[str, str], int] = {}
        self._newest = 0

    def observe(self, fact: PaymentAttempted, now_ms: int) -> None:
        """Count one attempt; one from the future counts as now."""
        at_ms = min(fact.at_ms, now_ms)
        number = at_ms // 60_000
        if number <= self._newest - KEPT_MINUTES:
            return
        if number > self._newest:
            self._newest = number
            self._forget()
        minute = self._minutes.setdefault(number, _Minute())
        minute.attempts += 1
        if fact.scored:
            minute.scores[fact.fraud_score // SCORE_STEP * SCORE_STEP] += 1
        else:
            minute.unscored += 1
        if fact.outcome != "succeeded":
            code = fact.decline_code if fact.outcome == "declined" else fact.error_code
            reason = self._named(minute, fact.outcome, code if code else "unknown")
            minute.reasons[reason] += 1
            self._newest_at_ms[reason] = max(at_ms, self._newest_at_ms.get(reason, 0))

    def seen(self, now_ms: int) -> FraudSeen:
        """The hour before now."""
        newest = now_ms // 60_000
        kept = {number: one for number, one in self._minutes.items() if number > newest - KEPT_MINUTES}
        reasons: Counter[tuple[str, str]] = Counter()
        recent: Counter[tuple[str, str]] = Counter()
        scores: Counter[int] = Counter()
        for number, minute in kept.items():
            reasons.update(minute.reasons)
            scores.update(minute.scores)
            if number > newest - 10:
                recent.update(minute.reasons)
        return FraudSeen(
            attempts=sum(one.attempts for one in kept.values()),
            unscored=sum(one.unscored for one in kept.values()),
            scores=dict(sorted(scores.items())),
            reasons=tuple(
                Reason(*reason, payments, recent[reason], self._newest_at_ms[reason])
                for reason, payments in reasons.most_common()
            ),
        )

    def _named(self, minute: _Minute, outcome: str, code: str) -> tuple[str, str]:
        if (outcome, code) not in minute.reasons and len(minute.reasons) >= REASONS_MAX:
            return (outcome, OTHER)
        return (outcome, code)

    def _forget(self) -> None:
        oldest = self._newest - KEPT_MINUTES
        for number in [number for number in self._minutes if number <= oldest]:
            del self._minutes[number]
        live = {reason for minute in self._minutes.values() for reason in minute.reasons}
        self._newest_at_ms = {reason: at for reason, at in self._newest_at_ms.items() if reason in live}
