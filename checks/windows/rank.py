"""Where a number stands among the latest ones of its key within a sliding window of event time."""

from bisect import bisect_left, insort
from collections import deque

from checks.windows.panes import NEVER, Key

REMEMBERED = 2_000
"""Of each key: the 99th percentile of 2,000 rests on 20, and keeping them in order stays below a microsecond."""


class Ranks:
    """The latest numbers by key, exact. late: facts older than the window, not kept.

    refused: numbers of new keys when max_keys are held; a cohort is one of few, so its key is never pushed out.
    """

    __slots__ = ("_arrived", "_ordered", "late", "max_keys", "newest_ms", "refused", "window_ms")

    def __init__(self, window_ms: int, max_keys: int) -> None:
        self.window_ms = window_ms
        self.max_keys = max_keys
        self.newest_ms = NEVER
        self.late = 0
        self.refused = 0
        self._arrived: dict[Key, deque[tuple[int, float]]] = {}
        self._ordered: dict[Key, list[float]] = {}

    def take(self, key: Key, value: float, at_ms: int, min_samples: int) -> float | None:
        """Add the number; returns the share of those before it that are smaller, None when they are too few."""
        self.newest_ms = max(self.newest_ms, at_ms)
        arrived, ordered = self._arrived.get(key), self._ordered.get(key)
        if arrived is None or ordered is None:
            if len(self._arrived) >= self.max_keys:
                self.refused += 1
                return None
            arrived = self._arrived[key] = deque()
            ordered = self._ordered[key] = []
        oldest_ms = self.newest_ms - self.window_ms
        while arrived and (arrived[0][0] <= oldest_ms or len(arrived) >= REMEMBERED):
            del ordered[bisect_left(ordered, arrived.popleft()[1])]
        share = bisect_left(ordered, value) / len(ordered) if len(ordered) >= max(1, min_samples) else None
        if at_ms <= oldest_ms:
            self.late += 1
        else:
            arrived.append((at_ms, value))
            insort(ordered, value)
        return share
