"""What is compared between two variants: ratios of payments, each with what is good and what matters."""

from dataclasses import dataclass
from enum import StrEnum

from checks.facts import PaymentAttempted

SLOW_MS = 2_000
"""The promised response time."""
ALPHA = 0.05
"""How often a flag's comparisons, all of them together, call variants different that are alike, at the most."""
POWER = 0.8
"""How often the difference that matters is told by the number of payments that a report calls enough."""


class Metric(StrEnum):
    """A ratio of payments. Means of latency and cost are shown and not compared: one payment can move them at will."""

    CONVERSION = "conversion"
    ERROR_RATIO = "error_ratio"
    SLOW_RATIO = "slow_ratio"


@dataclass(frozen=True, slots=True)
class Judged:
    """How a metric is judged. matters: the smallest difference that does, as a share of the payments."""

    metric: Metric
    called: str
    more_is_better: bool
    matters: float


METRICS = (
    Judged(Metric.CONVERSION, "payments that succeed", more_is_better=True, matters=0.02),
    Judged(Metric.ERROR_RATIO, "payments that fail", more_is_better=False, matters=0.01),
    Judged(Metric.SLOW_RATIO, f"payments slower than {SLOW_MS / 1000:g} s", more_is_better=False, matters=0.01),
)


def counted(payment: PaymentAttempted) -> tuple[bool, bool, bool]:
    """Whether the payment counts, for each of METRICS in their order."""
    return payment.outcome == "succeeded", payment.outcome == "failed", payment.latency_ms > SLOW_MS
