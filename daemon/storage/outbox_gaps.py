"""Which positions of a producer's outbox have arrived: a contiguous beginning and the stretches beyond it."""

from bisect import bisect_right
from collections.abc import Iterator

MAX_STRETCHES = 10_000
"""Stretches kept beyond the first gap; with more, the oldest gap is given up, because it will not close any more."""


class Received:
    """A set of positive integers that is nearly contiguous; memory grows with its gaps, not with its members."""

    def __init__(self, stretches: list[tuple[int, int]] | None = None) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in [] if stretches is None else stretches:
            self.add(first, last)

    @property
    def watermark(self) -> int:
        """Every position up to this one has arrived; 0 when the first has not."""
        return self._lasts[0] if self._firsts and self._firsts[0] == 1 else 0

    @property
    def highest(self) -> int:
        """The last position that has arrived; 0 when none has."""
        return self._lasts[-1] if self._lasts else 0

    def __contains__(self, sequence: int) -> bool:
        place = bisect_right(self._firsts, sequence) - 1
        return place >= 0 and sequence <= self._lasts[place]

    def add(self, first: int, last: int | None = None) -> None:
        """Mark the positions from first to last, both included, as arrived."""
        if last is None and self._lasts and first == self._lasts[-1] + 1:
            self._lasts[-1] = first
            return
        end = first if last is None else last
        start = bisect_right(self._firsts, first) - 1
        if start < 0 or self._lasts[start] < first - 1:
            start += 1
        stop = bisect_right(self._firsts, end + 1)
        if start < stop:
            first, end = min(first, self._firsts[start]), max(end, self._lasts[stop - 1])
        self._firsts[start:stop] = [first]
        self._lasts[start:stop] = [end]
        if len(self._firsts) > MAX_STRETCHES:
            self._firsts[:2], self._lasts[:2] = [self._firsts[0]], [self._lasts[1]]

    def gaps(self) -> Iterator[tuple[int, int]]:
        """First and last missing position of each gap below the highest that has arrived."""
        before = 0
        for first, last in zip(self._firsts, self._lasts, strict=True):
            if first > before + 1:
                yield before + 1, first - 1
            before = last

    def stretches(self) -> list[tuple[int, int]]:
        """What has arrived, as first and last position of each stretch; the constructor takes it back."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def copy(self) -> "Received":
        """An independent copy."""
        twin = Received()
        twin._firsts, twin._lasts = self._firsts[:], self._lasts[:]
        return twin
