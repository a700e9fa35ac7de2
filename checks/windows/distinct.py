"""How many different values each key has had within a sliding window of event time."""

from collections.abc import Collection

from checks.windows.panes import NEVER, Key, pane_length_ms


class Distinct:
    """Exact to a pane: a value counts until the window has left the pane in which it was last seen.

    max_pairs: key and value together, over all keys; beyond it the values that were longest unseen are forgotten and
    counted in ``evicted``. late: facts older than the window, not counted.
    """

    __slots__ = ("_last", "_panes", "evicted", "late", "max_pairs", "newest", "pane_count", "pane_ms", "totals")

    def __init__(self, window_ms: int, max_pairs: int) -> None:
        self.pane_ms = pane_length_ms(window_ms)
        self.pane_count = -(-window_ms // self.pane_ms)
        self.max_pairs = max_pairs
        self.totals: dict[Key, int] = {}
        self.newest = NEVER
        self.late = 0
        self.evicted = 0
        self._last: dict[tuple[Key, str], int] = {}
        self._panes: dict[int, list[tuple[Key, str]]] = {}

    def add(self, key: Key, value: str, at_ms: int) -> None:
        """Count a value of the key at an event time."""
        pane = at_ms // self.pane_ms
        if pane > self.newest:
            self._advance(pane)
        elif pane <= self.newest - self.pane_count:
            self.late += 1
            return
        pair = (key, value)
        seen = self._last.get(pair)
        if seen is not None and seen >= pane:
            return
        if seen is None:
            if len(self._last) >= self.max_pairs:
                self._shed()
            self.totals[key] = self.totals.get(key, 0) + 1
        self._last[pair] = pane
        here = self._panes.get(pane)
        if here is None:
            here = self._panes[pane] = []
        here.append(pair)

    def seen(self) -> dict[int, list[tuple[Key, str]]]:
        """Every pair that is counted, by the pane in which it was last seen."""
        found: dict[int, list[tuple[Key, str]]] = {}
        for pair, pane in self._last.items():
            found.setdefault(pane, []).append(pair)
        return found

    def forget(self, keys: Collection[Key]) -> None:
        """Forget all values of these keys."""
        gone = frozenset(keys)
        for pair in [pair for pair in self._last if pair[0] in gone]:
            del self._last[pair]
        for key in gone:
            self.totals.pop(key, None)

    def advance_to(self, at_ms: int) -> None:
        """Let time pass."""
        pane = at_ms // self.pane_ms
        if pane > self.newest:
            self._advance(pane)

    def _advance(self, pane: int) -> None:
        self.newest = pane
        oldest = pane - self.pane_count + 1
        for expired in [held for held in self._panes if held < oldest]:
            self._forget(self._panes.pop(expired), expired)

    def _shed(self) -> None:
        held = len(self._last)
        while len(self._last) >= self.max_pairs:
            oldest = min(self._panes)
            pairs = self._panes[oldest]
            if len(self._panes) > 1:
                self._forget(self._panes.pop(oldest), oldest)
            else:
                half = max(1, len(pairs) // 2)
                self._forget(pairs[:half], oldest)
                del pairs[:half]
        self.evicted += held - len(self._last)

    def _forget(self, pairs: list[tuple[Key, str]], pane: int) -> None:
        last, totals = self._last, self.totals
        for pair in pairs:
            if last.get(pair) != pane:
                continue
            del last[pair]
            key = pair[0]
            left = totals[key] - 1
            if left:
                totals[key] = left
            else:
                del totals[key]
