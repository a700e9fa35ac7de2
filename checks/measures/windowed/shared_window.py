"""One window length over the facts of many keys: all facts, and beside them each kind that a rule counts."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from checks.windows.arrivals import Arrivals
from checks.windows.panes import NEVER, Counts, Key, pane_length_ms


class SharedWindow:
    """The newest pane and those before it that fit; it moves with the newest event time or with time told.

    all_facts: the denominator. tracks: what is counted beside it, for example failures; few, so their sums are kept.
    late: facts older than the window, not counted. refused: facts of a new key when max_keys are held, not counted,
    so that what is watched stays exact.
    """

    __slots__ = ("all_facts", "late", "newest", "pane_count", "pane_ms", "refused", "tracks")

    def __init__(self, window_ms: int, max_keys: int, *, summed: bool) -> None:
        self.pane_ms = pane_length_ms(window_ms)
        self.pane_count = -(-window_ms // self.pane_ms)
        self.all_facts = Arrivals(max_keys, summed=summed)
        self.tracks: list[Counts] = []
        self.newest = NEVER
        self.late = 0
        self.refused = 0

    @property
    def begins_ms(self) -> int:
        """When its newest pane begins."""
        return self.newest * self.pane_ms

    def track(self) -> Counts:
        """Counts beside all facts, for those that are selected."""
        counts = Counts()
        self.tracks.append(counts)
        return counts

    def is_late(self, pane: int) -> bool:
        """Whether the pane has left the window already."""
        return pane <= self.newest - self.pane_count

    def advance(self, pane: int) -> Sequence[Mapping[Key, int]]:
        """Move the window so that this pane is its newest, if it is newer; returns the panes that have left."""
        if pane <= self.newest:
            return ()
        self.newest = pane
        oldest = pane - self.pane_count + 1
        for track in self.tracks:
            track.drop_before(oldest)
        return self.all_facts.drop_before(oldest)

    def match(self, track: Counts, pane: int, keys: Sequence[Key]) -> None:
        """Count one match for each key."""
        track.enter(pane)
        track.add(keys, Counter(keys))

    def forget(self, keys: Collection[Key]) -> None:
        """Forget all facts of these keys."""
        self.all_facts.forget(keys)
        for track in self.tracks:
            track.forget(keys)
