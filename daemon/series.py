"""Payment attempts by second and environment over the last five minutes, for the console's chart."""

from collections.abc import Iterable, Sequence

from checks.facts import Fact, PaymentAttempted
from daemon.view import SecondOfPayments

KEPT_SECONDS = 300
"""What the chart shows; two environments make at most 600 rows."""

_OUTCOMES = ("succeeded", "declined", "failed")


class PaymentSeries:
    """Counts by (second, environment); older than KEPT_SECONDS behind the newest is forgotten."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str], list[int]] = {}
        self._newest = 0

    def observe(self, facts: Iterable[Fact]) -> None:
        """Count the payment attempts among the facts by their event time."""
        for fact in facts:
            if not isinstance(fact, PaymentAttempted):
                continue
            second = fact.at_ms // 1000
            counts = self._counts.setdefault((second, fact.environment), [0, 0, 0])
            counts[_OUTCOMES.index(fact.outcome)] += 1
            self._newest = max(self._newest, second)
        self._forget()

    def rows(self) -> Sequence[SecondOfPayments]:
        """Oldest first; seconds without an attempt are missing."""
        return [
            SecondOfPayments(second, environment, *counts)
            for (second, environment), counts in sorted(self._counts.items())
        ]

    def _forget(self) -> None:
        if len(self._counts) <= KEPT_SECONDS:
            return
        oldest = self._newest - KEPT_SECONDS
        for key in [key for key in self._counts if key[0] <= oldest]:
            del self._counts[key]
