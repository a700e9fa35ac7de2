"""The new version against the old one over the same moments, with an error that holds however often it is looked at."""

from math import exp, inf, log, log1p
from typing import Self

import msgspec

ODDS = (2.0, 4.0, 16.0, 64.0)
"""The faults that are weighed: the odds of a bad payment are this many times those of the old version."""
PRIOR_FACTS = 20.0
"""The old version's ratio begins as if it had been seen in so many payments at the prior."""
STARTS = 720
"""Panes, an hour of them, at which a fault may begin; one from the first moment on has half of the weight."""
EVIDENCE_MAX = 1e200
"""Beyond any threshold; kept below what a float can hold."""


class Pane:
    """What one pane of time held: payments of the new and the old version, and the bad ones among them."""

    __slots__ = ("new", "new_bad", "old", "old_bad")

    def __init__(self, new: int = 0, new_bad: int = 0, old: int = 0, old_bad: int = 0) -> None:
        self.new, self.new_bad, self.old, self.old_bad = new, new_bad, old, old_bad

    def count(self, *, is_new: bool, is_bad: bool) -> None:
        """One payment more."""
        if is_new:
            self.new, self.new_bad = self.new + 1, self.new_bad + is_bad
        else:
            self.old, self.old_bad = self.old + 1, self.old_bad + is_bad

    def add(self, other: "Pane") -> None:
        """Everything that another pane held."""
        self.new, self.new_bad = self.new + other.new, self.new_bad + other.new_bad
        self.old, self.old_bad = self.old + other.old, self.old_bad + other.old_bad


class ContrastState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a contrast knows. seen: as in Pane."""

    old: float
    old_bad: float
    panes: int
    sums: list[float]
    seen: tuple[int, int, int, int]


class Contrast:
    """Evidence that the new version fails more often than the old one, pane by pane.

    Under no difference, both have one unknown ratio. For a pane of n payments of the new version with k bad ones, m and
    l of the old version, any ratios a (new) and b (old) that were chosen before the pane, and their mean
    ``c = (n a + m b) / (n + m)``::

        E = (a/c)^k ((1-a)/(1-c))^(n-k) (b/c)^l ((1-b)/(1-c))^(m-l)

    is no more than 1 on average, whatever the common ratio is (R. Turner, A. Ly and P. Grünwald, Generic E-variables
    for exact sequential k-sample tests that allow for optional stopping, 2022). b is what the old version has shown so
    far, a the ratio at each of ODDS. Products of E over panes, started at every pane with weights that sum to 1, are
    one martingale below no difference: ``S' = E (S + w)``, so by Ville's inequality it ever reaches ``1 / alpha`` with
    a probability of at most alpha. Nothing is assumed about the volume, the split, or how often anybody looks.

    A pane without payments of both says nothing. evidence: S; it stays at its highest once ``fold`` has returned more
    than the threshold, because its caller stops there.
    """

    __slots__ = ("_old", "_old_bad", "_panes", "_sums", "seen")

    def __init__(self, prior: float) -> None:
        self._old = PRIOR_FACTS
        self._old_bad = PRIOR_FACTS * prior
        self._panes = 0
        self._sums = [0.0] * len(ODDS)
        self.seen = Pane()

    @classmethod
    def resumed(cls, state: ContrastState) -> Self:
        """One that goes on from there."""
        contrast = cls(0.0)
        contrast._old, contrast._old_bad, contrast._panes = state.old, state.old_bad, state.panes
        contrast._sums, contrast.seen = list(state.sums), Pane(*state.seen)
        return contrast

    @property
    def state(self) -> ContrastState:
        """All of it, to go on from later."""
        seen = (self.seen.new, self.seen.new_bad, self.seen.old, self.seen.old_bad)
        return ContrastState(old=self._old, old_bad=self._old_bad, panes=self._panes, sums=list(self._sums), seen=seen)

    @property
    def evidence(self) -> float:
        """How many times likelier a fault is than none, at least; 0 before anything was compared."""
        return sum(self._sums) / len(ODDS)

    def fold(self, pane: Pane) -> float:
        """Weigh one more pane; the evidence after it."""
        self.seen.add(pane)
        if pane.new and pane.old:
            old = min(self._old_bad / self._old, 0.999)
            weight = 0.5 if self._panes == 0 else 0.5 / STARTS if self._panes <= STARTS else 0.0
            self._panes += 1
            for place, odds in enumerate(ODDS):
                ratio = _likelihood(pane, odds * old / (1 - old + odds * old), old)
                self._sums[place] = min(ratio * (self._sums[place] + weight), EVIDENCE_MAX)
        self._old += pane.old
        self._old_bad += pane.old_bad
        return self.evidence


def threshold(alpha: float, comparisons: int, stages: int, strata: int = 1) -> float:
    """The evidence that takes: alpha is shared evenly, so that all together are wrong that often at the most."""
    return comparisons * stages * strata / alpha


def share_of(evidence: float, needed: float) -> float:
    """The evidence as a share of what it takes, on the scale on which payments add up; 0 to 1."""
    return 0.0 if evidence <= 1 else min(log(evidence) / log(needed), 1.0)


def _likelihood(pane: Pane, new: float, old: float) -> float:
    """E of a pane for these ratios."""
    both = (pane.new * new + pane.old * old) / (pane.new + pane.old)
    logarithm = (
        pane.new_bad * log(new / both)
        + (pane.new - pane.new_bad) * (log1p(-new) - log1p(-both))
        + pane.old_bad * log(old / both)
        + (pane.old - pane.old_bad) * (log1p(-old) - log1p(-both))
    )
    return exp(logarithm) if logarithm < log(EVIDENCE_MAX) else inf
