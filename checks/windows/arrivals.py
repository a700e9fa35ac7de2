"""How many facts each of very many keys has within a sliding window, summed up for those who are asked for."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import cast

from checks.windows.panes import Key
from checks.windows.room import admitted

# A plain dict, because the garbage collector looks through a Counter and leaves a dict of texts and numbers alone.
_count = cast("Callable[[dict[Key, int], Sequence[Key]], None]", Counter.update)

ASKED_MAX = 64
"""Sums that are remembered until facts leave; keys asked for in every batch are few, or their sums are cheap again."""
FEW = 5_000
"""Up to so many keys all sums are kept: they are found in the processor's cache, where a hundred thousand are not."""
FULL_SHARE = 0.75
"""Of max_keys; above it, all sums are kept too, because new keys have to be known at once."""


class Arrivals:
    """Facts by key in panes, which come and go. Of very many keys, a sum over all panes is made when it is asked for.

    Most of them are never asked for, because none of their facts is wrong; to keep a sum of each would cost more than
    all the rest: it is looked up among all keys that are alive, and again when its facts leave.

    max_keys: of how many keys facts are counted. summed: keep all sums from the start, where every key is of interest.
    """

    __slots__ = ("_always", "_asked", "_fresh", "_known", "_sums", "_touched", "max_keys", "panes")

    def __init__(self, max_keys: int, *, summed: bool = False) -> None:
        self.max_keys = max_keys
        self.panes: dict[int, dict[Key, int]] = {}
        self._always = summed
        self._sums: dict[Key, int] | None = {}
        self._asked: dict[Key, int] = {}
        # Every key that is held is here, or was new in one of the panes that were touched since; so many were.
        self._known: dict[Key, int] = {}
        self._touched: set[int] = set()
        self._fresh = 0

    def total(self, key: Key) -> int:
        """The facts of a key in all panes."""
        if self._sums is not None:
            return self._sums.get(key, 0)
        found = self._asked.get(key)
        if found is None:
            found = sum([pane[key] for pane in self.panes.values() if key in pane])
            if len(self._asked) < ASKED_MAX:
                self._asked[key] = found
        return found

    def totals(self) -> Mapping[Key, int]:
        """The facts of every key, longest known first; takes as long as there are keys, unless all sums are kept."""
        return self._sums if self._sums is not None else self._summed()

    def each_key(self) -> Iterable[Key]:
        """Every key once; the first ones come without looking at the others."""
        if self._sums is not None:
            yield from self._sums
            return
        seen: set[Key] = set()
        for pane in self.panes.values():
            for key in pane:
                if key not in seen:
                    seen.add(key)
                    yield key

    def add(self, pane: int, keys: Sequence[Key]) -> None:
        """Count one fact for each key."""
        here = self._pane(pane)
        held, asked = len(here), self._asked
        known = [(key, here.get(key, 0)) for key in asked]
        _count(here, keys)
        for key, before in known:
            asked[key] += here.get(key, 0) - before
        self._fresh += len(here) - held
        if self._sums is not None:
            _count(self._sums, keys)
            self._sum_up_fewer()

    def add_counted(self, pane: int, counted: Mapping[Key, int]) -> None:
        """Count so many facts of each key."""
        here, sums, asked = self._pane(pane), self._sums, self._asked
        held = len(here)
        for key, count in counted.items():
            here[key] = here.get(key, 0) + count
            if sums is not None:
                sums[key] = sums.get(key, 0) + count
            elif key in asked:
                asked[key] += count
        self._fresh += len(here) - held

    def take_back(self, pane: int, key: Key, count: int) -> None:
        """Undo the counting of so many facts of a key, all of which are in this pane."""
        for counts in (self.panes[pane], self._sums, self._asked):
            if counts is not None and key in counts:
                counts[key] -= count
                if not counts[key]:
                    del counts[key]

    def drop_before(self, oldest: int) -> list[dict[Key, int]]:
        """Forget the panes before this one; returns what was counted in them, oldest first."""
        dropped = [self.panes.pop(pane) for pane in sorted([pane for pane in self.panes if pane < oldest])]
        if not dropped:
            return dropped
        self._asked.clear()
        self._touched.intersection_update(self.panes)
        sums = self._sums
        if sums is not None:
            for pane in dropped:
                for key, count in pane.items():
                    if sums[key] > count:
                        sums[key] -= count
                    else:
                        del sums[key]
        elif sum(map(len, self.panes.values())) < FEW:
            self._sums, self._known = self._summed(), {}
        return dropped

    def forget(self, keys: Collection[Key]) -> None:
        """Forget all facts of these keys."""
        self._asked.clear()
        for counts in (*self.panes.values(), *([] if self._sums is None else [self._sums])):
            for key in keys:
                counts.pop(key, None)

    def refill(self, panes: Mapping[int, Mapping[Key, int]]) -> None:
        """Hold exactly these counts."""
        self.panes = {pane: dict(counts) for pane, counts in panes.items()}
        self._asked.clear()
        self._sums, self._known = self._summed(), {}
        self._sum_up_fewer()

    def is_full_for(self, count: int) -> bool:
        """Whether so many facts of different keys might not all find room."""
        if self._sums is not None:
            return len(self._sums) + count > self.max_keys
        if len(self._known) + self._fresh + count <= self.max_keys:
            return False
        self._learn()
        if len(self._known) + count > self.max_keys * FULL_SHARE:
            self._known = self._summed()  # Without those whose facts have left.
            if len(self._known) + count > self.max_keys * FULL_SHARE:
                self._sums, self._known = self._known, {}
        return len(self._known if self._sums is None else self._sums) + count > self.max_keys

    def admit(self, keys: Sequence[Key]) -> set[Key]:
        """The keys that are held or still find room, first come first served."""
        return admitted(keys, self.totals(), self.max_keys)

    def _pane(self, pane: int) -> dict[Key, int]:
        self._touched.add(pane)
        found = self.panes.get(pane)
        if found is None:
            found = self.panes[pane] = {}
        return found

    def _sum_up_fewer(self) -> None:
        """Keep no sums from now on where there are too many, and still room for as many more."""
        sums = self._sums
        if sums is not None and not self._always and FEW < len(sums) < self.max_keys * FULL_SHARE / 2:
            self._known, self._sums, self._fresh = sums, None, 0
            self._touched.clear()

    def _learn(self) -> None:
        """Know the keys of all panes."""
        for pane in self._touched & self.panes.keys():
            self._known.update(self.panes[pane])
        self._touched, self._fresh = set(), 0

    def _summed(self) -> dict[Key, int]:
        sums: dict[Key, int] = {}
        for pane in self.panes.values():
            for key, count in pane.items():
                sums[key] = sums.get(key, 0) + count
        return sums
