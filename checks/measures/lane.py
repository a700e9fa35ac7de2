"""Facts of one kind and ``where`` in panes of one length: selected, cut and tested once for all their windows."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter

from checks.expression import Condition
from checks.facts import Fact
from checks.findings import Finding
from checks.measures.piece import Piece
from checks.measures.watcher import FUTURE_MS_MAX
from checks.measures.windowed import Windowed

_event_time = attrgetter("at_ms")


class Lane:
    """The windows that want the same facts in panes of the same length."""

    def __init__(self, where: Condition, windows: Sequence[Windowed]) -> None:
        self._select = None if where.always else where.select
        self._windows = tuple(windows)
        self._pane_ms = windows[0].pane_ms

    def observe(self, facts: Sequence[Fact], now_ms: int, findings: list[Finding]) -> None:
        """Hand facts, which stand in order of event time, to every window, pane by pane."""
        if self._select is not None:
            facts = self._select(facts)
        pane_ms = self._pane_ms
        sound = bisect_right(facts, now_ms + FUTURE_MS_MAX, key=_event_time)
        start = 0
        while start < sound:
            pane = facts[start].at_ms // pane_ms
            end = bisect_left(facts, (pane + 1) * pane_ms, start, sound, key=_event_time)
            self._fill(pane, facts[start:end], now_ms, findings)
            start = end
        if sound < len(facts):
            self._fill(now_ms // pane_ms, facts[sound:], now_ms, findings)

    def _fill(self, pane: int, facts: Sequence[Fact], now_ms: int, findings: list[Finding]) -> None:
        piece = Piece(facts)
        for window in self._windows:
            window.fill(pane, piece, now_ms, findings)
