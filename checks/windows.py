"""Counts over sliding windows of event time: one wheel of panes for all keys, a dict per pane plus totals."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

Key = str | tuple[str, ...]
"""The values of a rule's ``per`` fields: one text for one field, a tuple for several, empty text for none."""

PANES_PER_WINDOW = 60
_NEVER = -(2**62)
"""A pane before every event time."""
_EVER = 2**62
"""A pane after every event time."""
_NONE: Mapping[Key, int] = {}
PANE_MS_MIN = 1000
"""A pane is never shorter than a second, so a short window is cheap; the newest pane is always a part of one."""


def pane_length_ms(window_ms: int) -> int:
    """How much event time one pane covers: a 60th of the window, at least a second, at most the window."""
    return min(window_ms, max(PANE_MS_MIN, -(-window_ms // PANES_PER_WINDOW)))


class Counts:
    """Facts by key: a dict for each pane that is in the window, and their sum. Only its wheel moves it.

    select: those of many facts that are counted here; the wheel's denominator counts all that it is given.
    """

    __slots__ = ("_here", "_oldest", "_panes", "select", "totals")

    def __init__(self, select: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self.select = select
        self.totals: dict[Key, int] = {}
        self._panes: dict[int, dict[Key, int]] = {}
        self._here: dict[Key, int] = {}
        self._oldest = _EVER  # No pane that is held is older.

    def add(self, counts: Mapping[Key, int]) -> None:
        """Count facts by key in the pane that is being filled."""
        totals, here = self.totals, self._here
        for key, count in counts.items():
            totals[key] = totals.get(key, 0) + count
            here[key] = here.get(key, 0) + count

    def add_one(self, key: Key) -> None:
        """Count one fact of the key in the pane that is being filled."""
        self.totals[key] = self.totals.get(key, 0) + 1
        self._here[key] = self._here.get(key, 0) + 1

    def add_number(self, key: Key, number: int) -> None:
        """Add a number of the key to the pane that is being filled: the totals are sums then."""
        self.totals[key] = self.totals.get(key, 0) + number
        self._here[key] = self._here.get(key, 0) + number

    def enter(self, pane: int) -> None:
        """Make this pane the one that is filled."""
        self._here = self._panes.setdefault(pane, {})
        self._oldest = min(self._oldest, pane)

    def forget(self, keys: Collection[Key]) -> None:
        """Forget all facts of these keys."""
        for counts in (self.totals, *self._panes.values()):
            for key in keys:
                counts.pop(key, None)

    @property
    def oldest(self) -> int:
        """The oldest pane that is held; before every event time when none is."""
        return min(self._panes, default=_NEVER)

    def drop_before(self, oldest: int) -> dict[Key, None]:
        """Forget the panes that have left the window; returns the keys that lost facts, each once."""
        shrunk: dict[Key, None] = {}
        first, totals, panes = self._oldest, self.totals, self._panes
        if oldest <= first:
            return shrunk
        self._oldest = oldest
        passed = range(first, oldest) if oldest - first <= len(panes) else [pane for pane in panes if pane < oldest]
        for expired in passed:
            for key, count in panes.pop(expired, _NONE).items():
                shrunk[key] = None
                left = totals[key] - count
                if left:
                    totals[key] = left
                else:
                    del totals[key]
        return shrunk


class Wheel:
    """The panes of one window length, shared by every rule that counts the same facts by the same key.

    A window is the newest pane and those before it that fit; it moves with the newest event time or with time told.
    all_facts: the denominator. tracks: what is counted beside it, for example failures.
    late: facts older than the window, not counted. refused: facts of a new key when max_keys are held, not counted,
    so that what is watched stays exact.
    """

    __slots__ = ("all_facts", "current", "late", "max_keys", "newest", "pane_count", "pane_ms", "refused", "tracks")

    def __init__(self, window_ms: int, max_keys: int) -> None:
        self.pane_ms = pane_length_ms(window_ms)
        self.pane_count = -(-window_ms // self.pane_ms)
        self.max_keys = max_keys
        self.all_facts = Counts(_all)
        self.tracks: list[Counts] = []
        self.newest = _NEVER
        self.current = _NEVER
        self.late = 0
        self.refused = 0

    def track(self, select: Callable[[Sequence[Any]], Sequence[Any]]) -> Counts:
        """Count beside all facts those that are selected."""
        counts = Counts(select)
        self.tracks.append(counts)
        return counts

    def is_late(self, pane: int) -> bool:
        """Whether the pane has left the window already."""
        return pane <= self.newest - self.pane_count

    def enter(self, pane: int) -> Collection[Key]:
        """Fill this pane from now on, moving the window to it if it is newer; returns keys that lost facts."""
        shrunk = self.advance(pane)
        self.current = pane
        self.all_facts.enter(pane)
        for track in self.tracks:
            track.enter(pane)
        return shrunk

    def advance(self, pane: int) -> Collection[Key]:
        """Move the window so that this pane is its newest; returns keys that lost facts."""
        if pane <= self.newest:
            return ()
        self.newest = pane
        oldest = pane - self.pane_count + 1
        for track in self.tracks:
            track.drop_before(oldest)
        if self.current < oldest:
            self.current = _NEVER  # The pane that was being filled is gone; the next fact enters its own.
        return self.all_facts.drop_before(oldest)

    def forget(self, keys: Collection[Key]) -> None:
        """Forget all facts of these keys."""
        for counts in (self.all_facts, *self.tracks):
            counts.forget(keys)

    def shed(self) -> int:
        """Make room for a new key: forget the oldest panes, or of the only one the quiet half; returns keys forgotten.

        What is recent and what is busy stays exact, so a flood of new keys hides nobody.
        """
        totals = self.all_facts.totals
        held = len(totals)
        while len(totals) >= self.max_keys:
            oldest = self.all_facts.oldest
            if oldest < self.newest:
                for counts in (self.all_facts, *self.tracks):
                    counts.drop_before(oldest + 1)
            else:
                self.forget(sorted(totals, key=totals.__getitem__)[: max(1, held // 2)])
        self.current = _NEVER
        return held - len(totals)

    def is_full_for(self, keys: Sequence[Key]) -> bool:
        """Whether these keys might not all find room."""
        return len(self.all_facts.totals) + len(keys) > self.max_keys

    def admit(self, keys: Sequence[Key]) -> set[Key]:
        """The keys that are held or still find room, first come first served; facts of others count as refused."""
        held = self.all_facts.totals
        room = self.max_keys - len(held)
        admitted: set[Key] = set()
        for key in keys:
            if key in admitted:
                continue
            if key in held:
                admitted.add(key)
            elif room > 0:
                admitted.add(key)
                room -= 1
            else:
                self.refused += 1
        return admitted


def _all(facts: Sequence[Any]) -> Sequence[Any]:
    return facts
