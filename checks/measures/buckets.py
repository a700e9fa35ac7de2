"""Quantiles for display: counts in logarithmic buckets, which can be taken away again pane by pane."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, log2

from checks.windows import Key

BUCKETS_PER_OCTAVE = 64
"""A bucket is 1.1 % wide, so its middle is at most 0.6 % off."""
SMALLEST, LARGEST = 0.001, 1e18
"""Whatever is smaller, zero and negative included, or larger is shown as one of these."""


class Buckets:
    """Values of a field by key over the same panes as a wheel, which says when to enter and drop panes."""

    __slots__ = ("here", "panes", "totals")

    def __init__(self) -> None:
        self.totals: dict[Key, dict[int, int]] = {}
        self.panes: dict[int, dict[Key, dict[int, int]]] = {}
        self.here: dict[Key, dict[int, int]] = {}

    def enter(self, pane: int) -> None:
        """Make this pane the one that is filled."""
        self.here = self.panes.setdefault(pane, {})

    def add(self, keys: Iterable[Key], values: Sequence[float]) -> None:
        """Count one value for each key in the pane that is being filled."""
        buckets = [
            int(log2(value) * BUCKETS_PER_OCTAVE // 1) if SMALLEST < value < LARGEST else _outermost(value)
            for value in values
        ]
        for (key, bucket), count in Counter(zip(keys, buckets, strict=True)).items():
            for counts in (self.here, self.totals):
                of_key = counts.get(key)
                if of_key is None:
                    of_key = counts[key] = {}
                of_key[bucket] = of_key.get(bucket, 0) + count

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget all values of these keys."""
        for key in keys:
            self.totals.pop(key, None)
            for pane in self.panes.values():
                pane.pop(key, None)

    def refill(self, panes: dict[int, dict[Key, dict[int, int]]]) -> None:
        """Hold exactly these values, by pane, key and bucket."""
        self.panes, self.here, self.totals = panes, {}, {}
        for by_key in panes.values():
            for key, counts in by_key.items():
                of_key = self.totals.setdefault(key, {})
                for bucket, count in counts.items():
                    of_key[bucket] = of_key.get(bucket, 0) + count

    def drop_before(self, oldest: int) -> None:
        """Take away the panes that have left the window."""
        for expired in [pane for pane in self.panes if pane < oldest]:
            for key, counts in self.panes.pop(expired).items():
                buckets = self.totals[key]
                for bucket, count in counts.items():
                    if buckets[bucket] > count:
                        buckets[bucket] -= count
                    else:
                        del buckets[bucket]
                if not buckets:
                    del self.totals[key]

    def quantile(self, key: Key, q: float) -> float | None:
        """The smallest value that at least a share q of the values does not exceed; None without values."""
        buckets = self.totals.get(key)
        if not buckets:
            return None
        wanted = max(1, ceil(q * sum(buckets.values())))
        seen = 0
        for bucket in sorted(buckets):
            seen += buckets[bucket]
            if seen >= wanted:
                return float(2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE))
        return None


def _outermost(value: float) -> int:
    return int(log2(LARGEST if value >= LARGEST else SMALLEST) * BUCKETS_PER_OCTAVE // 1)
