"""Bad and all facts of many keys over one long sliding window of event time: a column for each pane."""

from array import array
from collections.abc import Iterable
from operator import sub

from checks.windows.panes import NEVER

PANES = 60
_WHOLE = "q"

Pane = tuple["array[int]", "array[int]"]
"""Bad facts and all facts, by the key's place."""


class Columns:
    """Exact to a pane, 960 bytes for each key whatever the window's length; keys are places, numbered from 0.

    bad, total: the sums over the window. base_ms: panes are whole multiples of it, so that windows of several lengths
    are cut at the same moments.
    """

    __slots__ = ("_panes", "bad", "newest", "pane_count", "pane_ms", "total", "window_ms")

    def __init__(self, window_ms: int, base_ms: int) -> None:
        self.window_ms = window_ms
        self.pane_ms = -(-window_ms // (PANES * base_ms)) * base_ms
        self.pane_count = -(-window_ms // self.pane_ms)
        self.newest = NEVER
        self.bad: list[int] = []
        self.total: list[int] = []
        self._panes: dict[int, Pane] = {}

    def grow(self, places: int) -> None:
        """Have room for so many keys."""
        missing = places - len(self.total)
        if missing > 0:
            self.bad.extend([0] * missing)
            self.total.extend([0] * missing)

    def add(self, place: int, at_ms: int, bad: int, total: int) -> bool:
        """Count facts of a key at an event time; False when the window has passed it. Time must have been told."""
        pane = at_ms // self.pane_ms
        if pane <= self.newest - self.pane_count:
            return False
        held = self._panes.get(pane)
        if held is None:
            held = self._panes[pane] = (array(_WHOLE), array(_WHOLE))
        bads, totals = held
        if place >= len(totals):
            missing = bytes(totals.itemsize * (len(self.total) - len(totals)))
            bads.frombytes(missing)
            totals.frombytes(missing)
        bads[place] += bad
        totals[place] += total
        self.bad[place] += bad
        self.total[place] += total
        return True

    def advance(self, at_ms: int) -> bool:
        """Let time pass; whether any facts have left."""
        newest = at_ms // self.pane_ms
        if newest <= self.newest:
            return False
        self.newest = newest
        expired = [pane for pane in self._panes if pane <= newest - self.pane_count]
        for pane in expired:
            bads, totals = self._panes.pop(pane)
            self.bad[: len(bads)] = map(sub, self.bad, bads)
            self.total[: len(totals)] = map(sub, self.total, totals)
        return bool(expired)

    def empty(self, place: int) -> None:
        """Forget all facts of a key."""
        self.bad[place] = self.total[place] = 0
        for bads, totals in self._panes.values():
            if place < len(totals):
                bads[place] = totals[place] = 0

    def kept(self) -> dict[int, tuple[bytes, bytes]]:
        """The panes as bytes."""
        return {pane: (bads.tobytes(), totals.tobytes()) for pane, (bads, totals) in self._panes.items()}

    def refill(self, newest: int, panes: Iterable[tuple[int, tuple[bytes, bytes]]]) -> None:
        """Fill a new window that has room for every key that the panes name."""
        self.newest = newest
        for pane, halves in panes:
            bads, totals = array(_WHOLE), array(_WHOLE)
            bads.frombytes(halves[0])
            totals.frombytes(halves[1])
            self._panes[pane] = (bads, totals)
            for place, (bad, total) in enumerate(zip(bads, totals, strict=True)):
                self.bad[place] += bad
                self.total[place] += total
