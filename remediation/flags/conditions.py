"""When the new variant of a flag is bad by its own figures: a metric beyond its threshold, so many looks in a row."""

from typing import Self

import msgspec

from checks.facts import PaymentAttempted, PaymentCaptured
from config.flags import ConditionMetric, RollbackCondition
from remediation.deployment.gates.observed import LATE_MS

TAIL = 0.05
"""A latency is what 95 % of the payments are answered within, so it is beyond the threshold when more are slower."""
MICROCENTS_PER_CENT = 1_000_000
CENTS_PER_100 = 10_000
WINDOWS_MAX = 1_000
"""Windows that wait to be looked at; only those of an outage, and the oldest of them are looked at first."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """See ``config.flags.RollbackCondition``."""

    metric: ConditionMetric
    threshold: float
    window_ms: int
    consecutive: int
    samples: int

    @classmethod
    def of(cls, rollback: RollbackCondition) -> Self:
        """As it is configured."""
        return cls(
            metric=rollback.metric,
            threshold=rollback.threshold,
            window_ms=round(rollback.window * 1000),
            consecutive=rollback.consecutive,
            samples=rollback.samples,
        )

    @property
    def limit(self) -> str:
        """As an operator reads it."""
        beyond = "<" if self.metric == "conversion" else ">"
        looks = f"{self.consecutive} windows of {self.window_ms / 1000:g} s in a row"
        return f"{beyond} {self.threshold:g} in {looks}"


class Seen(msgspec.Struct, kw_only=True):
    """Payments of the new variant. slow: those that took longer than the condition's threshold, in milliseconds."""

    payments: int = 0
    succeeded: int = 0
    failed: int = 0
    slow: int = 0
    captured: int = 0
    captured_cents: int = 0
    cost_microcents: int = 0

    def take(self, payment: PaymentAttempted, threshold: float) -> None:
        """One payment."""
        self.payments += 1
        self.succeeded += payment.outcome == "succeeded"
        self.failed += payment.outcome == "failed"
        self.slow += payment.latency_ms > threshold

    def capture(self, capture: PaymentCaptured) -> None:
        """Money was captured; a capture without a price says nothing."""
        if capture.cost_microcents and capture.amount_cents:
            self.captured += 1
            self.captured_cents += capture.amount_cents
            self.cost_microcents += capture.cost_microcents

    def samples(self, metric: ConditionMetric) -> int:
        """What the metric rests on."""
        return self.captured if metric == "cost" else self.payments

    def value(self, metric: ConditionMetric) -> float | None:
        """The metric; of latency_ms the share of payments beyond the threshold. None without any payment."""
        if not self.samples(metric):
            return None
        match metric:
            case "error_ratio":
                return self.failed / self.payments
            case "conversion":
                return self.succeeded / self.payments
            case "latency_ms":
                return self.slow / self.payments
            case "cost":
                return self.cost_microcents * CENTS_PER_100 / MICROCENTS_PER_CENT / self.captured_cents

    def is_bad(self, condition: Condition) -> bool | None:
        """Whether it is beyond the threshold; None with too few payments to say."""
        value = self.value(condition.metric)
        if value is None or self.samples(condition.metric) < condition.samples:
            return None
        match condition.metric:
            case "conversion":
                return value < condition.threshold
            case "latency_ms":
                return value > TAIL
            case _:
                return value > condition.threshold


class ConditionState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a condition since a step began. windows: by number, those not looked at yet."""

    condition: Condition
    since_ms: int
    row: int = 0
    looks: int = 0
    is_met: bool = False
    next_window: int = 0
    windows: dict[int, Seen] = {}
    whole: Seen = msgspec.field(default_factory=Seen)


class ConditionWatch:
    """Looks once at each window since the step began, when it has ended.

    row: bad looks in a row, up to now. looks: with enough payments to say something. is_met: whether ``consecutive``
    bad ones have followed each other; it stays so. whole: everything since the step began.
    """

    def __init__(self, state: ConditionState) -> None:
        self.condition = state.condition
        self.row, self.looks, self.is_met = state.row, state.looks, state.is_met
        self.whole = msgspec.structs.replace(state.whole)
        self._since_ms = state.since_ms
        self._next = state.next_window
        self._windows = {number: msgspec.structs.replace(seen) for number, seen in state.windows.items()}

    @property
    def state(self) -> ConditionState:
        """All of it, to go on from later."""
        return ConditionState(
            condition=self.condition,
            since_ms=self._since_ms,
            row=self.row,
            looks=self.looks,
            is_met=self.is_met,
            next_window=self._next,
            windows={number: msgspec.structs.replace(seen) for number, seen in self._windows.items()},
            whole=msgspec.structs.replace(self.whole),
        )

    def take(self, payment: PaymentAttempted, at_ms: int) -> None:
        """One payment of the new variant since the step began."""
        threshold = self.condition.threshold
        self.whole.take(payment, threshold)
        self._window(at_ms).take(payment, threshold)

    def capture(self, capture: PaymentCaptured, at_ms: int) -> None:
        """Money of such a payment was captured."""
        self.whole.capture(capture)
        self._window(at_ms).capture(capture)

    def look(self, now_ms: int) -> None:
        """Look at every window that has ended, in order. now_ms: when the newest payment arrived."""
        ended = (now_ms - LATE_MS - self._since_ms) // self.condition.window_ms
        for number in sorted(number for number in self._windows if number < ended):
            bad = self._windows.pop(number).is_bad(self.condition)
            if bad is None:
                continue
            self.looks += 1
            self.row = self.row + 1 if bad else 0
            self.is_met = self.is_met or self.row >= self.condition.consecutive
        self._next = max(self._next, ended)

    def _window(self, at_ms: int) -> Seen:
        """The window of this time; one that was looked at already is over, so a late payment counts in the next."""
        number = max((at_ms - self._since_ms) // self.condition.window_ms, self._next)
        if number not in self._windows and len(self._windows) >= WINDOWS_MAX:
            number = max(self._windows)
        return self._windows.setdefault(number, Seen())
