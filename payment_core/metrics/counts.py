"""What a process counts, in plain integers; published only when somebody asks."""

from bisect import bisect_left
from collections import defaultdict

from payment_core.metrics.domain_counts import DomainCounts

LATENCY_BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The buckets of every histogram; the product's latency target of 0.5 s is one of them."""


class Histogram:
    """Counts by upper bound. sum_seconds: of everything observed."""

    __slots__ = ("buckets", "sum_seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(LATENCY_BOUNDS_SECONDS) + 1)
        self.sum_seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.buckets[bisect_left(LATENCY_BOUNDS_SECONDS, seconds)] += 1
        self.sum_seconds += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """Prometheus buckets: upper bound and how many are at most that."""
        total = 0
        pairs: list[tuple[str, float]] = []
        for bound, count in zip((*map(str, LATENCY_BOUNDS_SECONDS), "+Inf"), self.buckets, strict=True):
            total += count
            pairs.append((bound, total))
        return pairs


class Counts:
    """Everything one process of the payment core counts since it started. in_flight: requests at this moment."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.payments: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.requests: defaultdict[tuple[str, int], Histogram] = defaultdict(Histogram)
        self.commits = Histogram()
        self.commit_writes = 0
        self.events_published = 0
        self.relay_calls = 0
        self.relay_sent = 0
        self.relay_failures = 0
        self.webhooks: defaultdict[str, int] = defaultdict(int)
        self.domains = DomainCounts()

    def attempted(self, outcome: str, rail: str) -> None:
        """One payment attempt ended here."""
        self.payments[outcome, rail] += 1

    def webhook_delivered(self, outcome: str) -> None:
        """One attempt to deliver a webhook ended."""
        self.webhooks[outcome] += 1
