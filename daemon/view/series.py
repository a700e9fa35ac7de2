"""Payment attempts by second for the chart and since the start for the metrics, and which versions take them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from checks.facts import Fact, HealthProbed, PaymentAttempted
from daemon.view.declines import Declines
from daemon.view.shape import SecondOfPayments

KEPT_SECONDS = 300
"""What the chart shows; two environments make at most 600 rows."""

ENVIRONMENTS_MAX = 8
"""Environments that are counted by name; the name comes with the events, so it needs a bound."""

OTHER = "other"
_OUTCOMES = ("succeeded", "declined", "failed")


class PaymentSeries:
    """Counts by (second, environment); older than KEPT_SECONDS behind the newest is forgotten.

    totals: live attempts by (environment, outcome) since the start. declines: what fraud scores and reasons say.
    """

    def __init__(self) -> None:
        self.totals: Counter[tuple[str, ...]] = Counter()
        self.declines = Declines()
        self._counts: dict[tuple[int, str], list[int]] = {}
        self._versions: dict[str, tuple[int, str]] = {}
        self._named: set[str] = set()
        self._newest = 0
        self._forgotten = 0

    def observe(self, facts: Iterable[Fact], now_ms: int) -> None:
        """Count the payment attempts among the facts by their event time; one from the future counts as now."""
        for fact in facts:
            if fact.version and isinstance(fact, PaymentAttempted | HealthProbed):
                self._see_version(fact, min(fact.at_ms, now_ms))
            if not isinstance(fact, PaymentAttempted):
                continue
            self.declines.observe(fact, now_ms)
            second = min(fact.at_ms, now_ms) // 1000
            if second <= self._forgotten:
                continue
            counts = self._counts.setdefault((second, self._label(fact.environment)), [0, 0, 0])
            counts[_OUTCOMES.index(fact.outcome)] += 1
            self._newest = max(self._newest, second)
        self._forget()

    def count(self, facts: Iterable[Fact]) -> None:
        """Add live facts to the totals; what is replayed after a restart was counted before it."""
        for fact in facts:
            if isinstance(fact, PaymentAttempted):
                self.totals[self._label(fact.environment), fact.outcome] += 1

    def rows(self) -> Sequence[SecondOfPayments]:
        """Oldest first; seconds without an attempt are missing."""
        return [
            SecondOfPayments(second, environment, *counts)
            for (second, environment), counts in sorted(self._counts.items())
        ]

    def versions(self) -> dict[str, str]:
        """By environment what its newest payment or probe said that it runs; missing when none said so."""
        return {environment: version for environment, (_, version) in self._versions.items()}

    def _see_version(self, fact: Fact, at_ms: int) -> None:
        label = self._label(fact.environment)
        if fact.environment and label != OTHER and at_ms >= self._versions.get(label, (0, ""))[0]:
            self._versions[label] = (at_ms, fact.version)

    def _label(self, environment: str) -> str:
        if environment not in self._named and len(self._named) >= ENVIRONMENTS_MAX:
            return OTHER
        self._named.add(environment)
        return environment

    def _forget(self) -> None:
        oldest = self._newest - KEPT_SECONDS
        if oldest <= self._forgotten:
            return
        self._forgotten = oldest
        for key in [key for key in self._counts if key[0] <= oldest]:
            del self._counts[key]
