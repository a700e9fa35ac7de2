"""Payments of two variants over the same moments, gathered until there are some of both."""

from collections.abc import Sequence

import msgspec

from remediation.deployment.gates.comparison import Pane
from remediation.flags.experiments.difference import Difference, DifferenceState
from remediation.flags.experiments.outcomes import METRICS

NOTHING = (0,) * (1 + len(METRICS))
"""Payments of a pane, and those of them that count for each of METRICS."""
GATHERED_MAX = 60
"""Panes that are taken for one moment where payments are few: five minutes, in which a ratio is nearly the same."""


class PairState(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, and what is gathered."""

    differences: list[DifferenceState]
    new: tuple[int, ...] = NOTHING
    old: tuple[int, ...] = NOTHING
    gathered: int = 0


class Pair:
    """One variant against the control, in each of METRICS."""

    def __init__(self, state: PairState | None = None) -> None:
        kept = PairState(differences=[Difference().state for _ in METRICS]) if state is None else state
        self.differences = [Difference(one) for one in kept.differences]
        self._new, self._old, self._gathered = kept.new, kept.old, kept.gathered

    @property
    def state(self) -> PairState:
        """All of it, to go on from later."""
        return PairState(
            differences=[one.state for one in self.differences], new=self._new, old=self._old, gathered=self._gathered
        )

    def fold(self, new: Sequence[int], old: Sequence[int]) -> None:
        """One pane more, in the order of NOTHING.

        Whether it is weighed at once depends on how many payments there were, and not on what became of them.
        """
        self._new = tuple(map(sum, zip(self._new, new, strict=True)))
        self._old = tuple(map(sum, zip(self._old, old, strict=True)))
        self._gathered += 1
        if not (self._new[0] and self._old[0]) and self._gathered < GATHERED_MAX:
            return
        for place, difference in enumerate(self.differences, start=1):
            difference.fold(Pane(self._new[0], self._new[place], self._old[0], self._old[place]))
        self._new, self._old, self._gathered = NOTHING, NOTHING, 0
