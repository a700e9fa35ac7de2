"""A number held against the same key's own past: how many deviations above its mean, how many times its median."""

from collections.abc import Collection, Mapping
from math import sqrt

from checks.windows.panes import Key
from checks.windows.room import make_room

REMEMBERED = 24
"""Enough for a mean that one outlier does not own, few enough that reading them takes two microseconds."""
SPREAD_SHARE_MIN = 0.1
"""Of the mean: who always paid 10.00 may pay 11.00 without being an anomaly."""


class OwnPast:
    """The latest numbers of each key. Beyond max_keys those that were longest silent are forgotten: ``evicted``.

    held: those numbers, oldest first, by key.
    """

    __slots__ = ("evicted", "held", "max_keys")

    def __init__(self, max_keys: int) -> None:
        self.max_keys = max_keys
        self.evicted = 0
        self.held: dict[Key, tuple[float, ...]] = {}

    def take(self, key: Key, value: float) -> tuple[float, ...]:
        """Remember the number; returns those that came before it, oldest first."""
        held = self.held
        past = held.pop(key, ())  # Put back last, so that the first keys are the ones longest silent.
        if not past:
            self.evicted += make_room(held, self.max_keys)
        held[key] = (*past[-(REMEMBERED - 1) :], value)
        return past

    def forget(self, keys: Collection[Key]) -> None:
        """Forget the numbers of these keys."""
        for key in keys:
            self.held.pop(key, None)

    def refill(self, held: Mapping[Key, tuple[float, ...]]) -> None:
        """Go on with numbers that were kept."""
        self.held = dict(held)


def deviations_above(past: tuple[float, ...], value: float) -> float:
    """Standard deviations between the mean of the past and the value; negative below the mean."""
    count = len(past)
    mean = sum(past) / count
    variance = sum([number * number for number in past]) / count - mean * mean
    spread = max(sqrt(max(variance, 0.0)), SPREAD_SHARE_MIN * abs(mean))
    return (value - mean) / spread if spread else 0.0


def times_median(past: tuple[float, ...], value: float) -> float:
    """The value as a multiple of the past's lower median; 0 when the median is not positive."""
    median = sorted(past)[(len(past) - 1) // 2]
    return value / median if median > 0 else 0.0
