"""A histogram that is counted in plain integers and handed to Prometheus at scrape."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """bounds: upper bounds of the buckets, each included, ascending; what is beyond the last one counts in ``+Inf``."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        self.sum += value
        self._counts[bisect_left(self._bounds, value)] += 1

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts by upper bound, as Prometheus wants them."""
        cumulative = 0
        found: list[tuple[str, float]] = []
        for bound, count in zip([str(bound) for bound in self._bounds] + ["+Inf"], self._counts, strict=True):
            cumulative += count
            found.append((bound, cumulative))
        return found
