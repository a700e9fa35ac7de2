"""Facts of one kind and ``where`` in panes of one length: selected, cut and tested once for all their windows."""

from collections import Counter
from collections.abc import Sequence

from checks.expression import Condition
from checks.findings import Finding
from checks.measures.selection import Selection
from checks.measures.watcher import FUTURE_MS_MAX
from checks.measures.windowed.piece import Piece
from checks.measures.windowed.watching import Windowed


class Lane:
    """The windows that want the same facts in panes of the same length.

    terms: all of what the facts must meet, one after the other.
    """

    def __init__(self, terms: Sequence[Condition], windows: Sequence[Windowed]) -> None:
        self._terms = tuple(terms)
        self._windows = tuple(windows)
        self._pane_ms = windows[0].pane_ms

    def observe(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Hand the facts to every window, pane by pane."""
        for term in self._terms:
            batch = batch.matching(term)
        for pane, spans in batch.panes(self._pane_ms, now_ms + FUTURE_MS_MAX, now_ms):
            piece = Piece(batch, spans)
            for window in self._windows:
                window.fill(pane, piece, now_ms, findings)


def in_lanes(windows: Sequence[tuple[Condition, Windowed]]) -> list[Lane]:
    """The lanes of windows over one kind of facts, each with its ``where``."""
    shared: dict[tuple[str, int], list[tuple[Condition, Windowed]]] = {}
    for where, window in windows:
        shared.setdefault((where.canonical, window.pane_ms), []).append((where, window))
    # The terms that most lanes share are tested first, so that they are tested once.
    uses = Counter(term.canonical for members in shared.values() for term in _terms(members[0][0]))
    return [
        Lane(
            sorted(_terms(members[0][0]), key=lambda term: (-uses[term.canonical], term.canonical)),
            [window for _, window in members],
        )
        for members in shared.values()
    ]


def _terms(where: Condition) -> Sequence[Condition]:
    return where.terms if where.terms else (where,)
