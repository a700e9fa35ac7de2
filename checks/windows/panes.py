"""Counts over sliding windows of event time: one wheel of panes for all keys, a dict per pane plus totals."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

Key = str | tuple[str, ...]
"""The values of a rule's ``per`` fields: one text for one field, a tuple for several, empty text for none."""

PANES_PER_WINDOW = 60
NEVER = -(2**62)
"""A moment, or a pane, before every event time."""
_EVER = 2**62
"""A pane after every event time."""
_NONE: Mapping[Key, int] = {}
# A plain dict, because the garbage collector looks through a Counter and leaves a dict of texts and numbers alone,
# but not one that was filled by dict.update of a Counter.
_count = cast("Callable[[dict[Key, int], Sequence[Key]], None]", Counter.update)
_FEW = 4
"""Facts of each key in a batch from which it is faster to add up counts than to count fact by fact."""
PANE_MS_MIN = 1000
"""A pane is never shorter than a second, so a short window is cheap; the newest pane is always a part of one."""


def pane_length_ms(window_ms: int) -> int:
    """How much event time one pane covers: a 60th of the window, at least a second, at most the window."""
    return min(window_ms, max(PANE_MS_MIN, -(-window_ms // PANES_PER_WINDOW)))


class Counts:
    """Facts by key: a counter for each pane that is in the window, and their sum. Only its wheel moves it."""

    __slots__ = ("_here", "_oldest", "_panes", "totals")

    def __init__(self) -> None:
        self.totals: dict[Key, int] = {}
        self._panes: dict[int, dict[Key, int]] = {}
        self._here: dict[Key, int] = {}
        self._oldest = _EVER  # No pane that is held is older.

    def add(self, keys: Sequence[Key], counted: Mapping[Key, int]) -> None:
        """Count one fact for each key in the pane that is being filled. counted: the same keys, each with its count."""
        totals, here = self.totals, self._here
        if len(counted) * _FEW <= len(keys):
            for key, count in counted.items():
                totals[key] = totals.get(key, 0) + count
                here[key] = here.get(key, 0) + count
        else:
            _count(totals, keys)
            _count(here, keys)

    def take_back(self, key: Key, count: int) -> None:
        """Undo the counting of so many facts of the key in the pane that is being filled."""
        for counts in (self.totals, self._here) if count else ():
            left = counts[key] - count
            if left:
                counts[key] = left
            else:
                del counts[key]

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
    def panes(self) -> Mapping[int, Mapping[Key, int]]:
        """What is counted, by pane and key; to be read only."""
        return self._panes

    @property
    def oldest(self) -> int:
        """The oldest pane that is held; before every event time when none is."""
        return min(self._panes, default=NEVER)

    def drop_before(self, oldest: int) -> None:
        """Forget the panes that have left the window."""
        first, totals, panes = self._oldest, self.totals, self._panes
        if oldest <= first:
            return
        self._oldest = oldest
        passed = range(first, oldest) if oldest - first <= len(panes) else [pane for pane in panes if pane < oldest]
        for expired in passed:
            for key, count in panes.pop(expired, _NONE).items():
                left = totals[key] - count
                if left:
                    totals[key] = left
                else:
                    del totals[key]


class Wheel:
    """The panes of one window length, shared by every rule that counts the same facts by the same key.

    A window is the newest pane and those before it that fit; it moves with the newest event time or with time told.
    all_facts: the denominator. tracks: what is counted beside it, for example failures. late: facts older than the
    window, not counted.
    """

    __slots__ = ("all_facts", "current", "late", "max_keys", "newest", "pane_count", "pane_ms", "tracks")

    def __init__(self, window_ms: int, max_keys: int) -> None:
        self.pane_ms = pane_length_ms(window_ms)
        self.pane_count = -(-window_ms // self.pane_ms)
        self.max_keys = max_keys
        self.all_facts = Counts()
        self.tracks: list[Counts] = []
        self.newest = NEVER
        self.current = NEVER
        self.late = 0

    def track(self) -> Counts:
        """Counts beside all facts, for those that are selected."""
        counts = Counts()
        self.tracks.append(counts)
        return counts

    def enter(self, pane: int) -> None:
        """Fill this pane from now on, moving the window to it if it is newer."""
        self.advance(pane)
        self.current = pane
        self.all_facts.enter(pane)
        for track in self.tracks:
            track.enter(pane)

    def advance(self, pane: int) -> None:
        """Move the window so that this pane is its newest."""
        if pane <= self.newest:
            return
        self.newest = pane
        oldest = pane - self.pane_count + 1
        for counts in (self.all_facts, *self.tracks):
            counts.drop_before(oldest)
        if self.current < oldest:
            self.current = NEVER  # The pane that was being filled is gone; the next fact enters its own.

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
        self.current = NEVER
        return held - len(totals)
