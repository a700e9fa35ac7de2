"""A histogram that is counted in plain integers and handed to Prometheus at scrape."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """The newest observation of a bucket that has a trace."""

    trace_id: str
    value: float
    at_seconds: float


class Histogram:
    """bounds: upper bounds of the buckets, each included, ascending; what is beyond the last one counts in ``+Inf``."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.sum = 0.0
        self._examples: dict[int, Example] = {}

    def observe(self, value: float, trace_id: str = "", at_ms: int = 0) -> None:
        """Count one. trace_id: of what took so long, empty when it is in none; at_ms: when it ended."""
        self.sum += value
        place = bisect_left(self._bounds, value)
        self._counts[place] += 1
        if trace_id:
            self._examples[place] = Example(trace_id, value, at_ms / 1000)

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts by upper bound, as Prometheus wants them."""
        cumulative = 0
        found: list[tuple[str, float]] = []
        for bound, count in zip([str(bound) for bound in self._bounds] + ["+Inf"], self._counts, strict=True):
            cumulative += count
            found.append((bound, cumulative))
        return found

    def examples(self) -> list[Example | None]:
        """One for each bucket, None for those that have none."""
        return [self._examples.get(place) for place in range(len(self._counts))]
