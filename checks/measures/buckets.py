"""Quantiles for display: counts in logarithmic buckets, which can be taken away again pane by pane."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, floor, log2

from checks.windows.panes import Key

BUCKETS_PER_OCTAVE = 64
"""A bucket is 1.1 % wide, so its middle is at most 0.6 % off."""
SMALLEST, LARGEST = 0.001, 1e18
"""Whatever is smaller, zero and negative included, or larger is shown as one of these."""

ASIDE_MAX = 4_096
"""Values that are put aside in a pane: sorting them into buckets takes half a millisecond."""

ByKey = dict[Key, dict[int, int]]
"""How many values of each key are in which bucket."""
Aside = tuple[list[Key], list[float | None]]
"""Keys and their values."""


class Buckets:
    """Values of a field by key over the panes of a window, which says when panes turn.

    What comes is put aside until the pane turns or is asked for: many values are sorted into buckets at once.
    """

    __slots__ = ("_aside", "_panes", "_totals")

    def __init__(self) -> None:
        self._totals: dict[Key, dict[int, int]] = {}
        self._panes: dict[int, ByKey] = {}
        self._aside: dict[int, Aside] = {}

    def add(self, pane: int, keys: Sequence[Key], values: Sequence[float | None]) -> None:
        """Count one value for each key; a division by zero is no value."""
        aside = self._aside.get(pane)
        if aside is None:
            aside = self._aside[pane] = ([], [])
        aside[0].extend(keys)
        aside[1].extend(values)
        if len(aside[0]) >= ASIDE_MAX:
            self._count(pane)

    @property
    def panes(self) -> dict[int, ByKey]:
        """The values by pane, key and bucket. Only reads: what is put aside stays so."""
        panes = dict(self._panes)
        for pane, aside in self._aside.items():
            held = {key: dict(counts) for key, counts in self._panes.get(pane, {}).items()}
            panes[pane] = _joined(held, _counted(aside))
        return panes

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget all values of these keys."""
        self._settle()
        for key in keys:
            self._totals.pop(key, None)
            for pane in self._panes.values():
                pane.pop(key, None)

    def refill(self, panes: dict[int, ByKey]) -> None:
        """Hold exactly these values, by pane, key and bucket."""
        self._panes, self._totals, self._aside = panes, {}, {}
        for by_key in panes.values():
            _joined(self._totals, by_key)

    def turn(self, oldest: int) -> None:
        """Take away the panes that have left the window, those before this one."""
        for pane in [pane for pane in self._aside if pane < oldest]:
            del self._aside[pane]
        self._settle()
        for expired in [pane for pane in self._panes if pane < oldest]:
            for key, counts in self._panes.pop(expired).items():
                buckets = self._totals[key]
                for bucket, count in counts.items():
                    if buckets[bucket] > count:
                        buckets[bucket] -= count
                    else:
                        del buckets[bucket]
                if not buckets:
                    del self._totals[key]

    def quantile(self, key: Key, q: float) -> float | None:
        """The smallest value that at least a share q of the values does not exceed; None without values."""
        buckets = dict(self._totals.get(key, {}))
        for keys, values in self._aside.values():
            own = [value for of_key, value in zip(keys, values, strict=True) if of_key == key]
            _join(buckets, _counted(([key] * len(own), own)).get(key, {}))
        if not buckets:
            return None
        wanted = max(1, ceil(q * sum(buckets.values())))
        seen = 0
        for bucket in sorted(buckets):
            seen += buckets[bucket]
            if seen >= wanted:
                return float(2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE))
        return None

    def _settle(self) -> None:
        for pane in list(self._aside):
            self._count(pane)

    def _count(self, pane: int) -> None:
        counted = _counted(self._aside.pop(pane))
        _joined(self._panes.setdefault(pane, {}), counted)
        _joined(self._totals, counted)


def _counted(aside: Aside) -> ByKey:
    """How many values of each key are in which bucket."""
    values_by_key: dict[Key, list[float]] = {}
    for key, value in zip(*aside, strict=True):
        if value is None:
            continue
        of_key = values_by_key.get(key)
        if of_key is None:
            of_key = values_by_key[key] = []
        of_key.append(value)
    return {key: Counter(_buckets(values)) for key, values in values_by_key.items()}


def _joined(held: ByKey, counted: ByKey) -> ByKey:
    for key, counts in counted.items():
        of_key = held.get(key)
        if of_key is None:
            # Not dict(counts): a copy of a Counter is looked through by the garbage collector.
            held[key] = {bucket: count for bucket, count in counts.items()}  # noqa: C416  # see above
        else:
            _join(of_key, counts)
    return held


def _join(held: dict[int, int], counts: dict[int, int]) -> None:
    for bucket, count in counts.items():
        held[bucket] = held.get(bucket, 0) + count


def _buckets(values: Sequence[float]) -> list[int]:
    return [
        floor(log2(value) * BUCKETS_PER_OCTAVE) if SMALLEST < value < LARGEST else _outermost(value) for value in values
    ]


def _outermost(value: float) -> int:
    return int(log2(LARGEST if value >= LARGEST else SMALLEST) * BUCKETS_PER_OCTAVE // 1)
