"""How far the ratios of two variants are apart: a test and an interval that hold however often they are looked at."""

from dataclasses import dataclass
from itertools import accumulate, repeat
from math import log, log1p

import msgspec

from remediation.deployment.gates.comparison import Pane

FINEST = 0.0002
"""The smallest difference that is told from none, 0.02 points: less takes millions of payments."""
STEP = 1.15
PLACES = 57
"""Differences on each side of none, from FINEST to 0.5 and a little more, each so many times the one before."""
_ASIDE = tuple(accumulate(repeat(STEP, PLACES - 1), lambda width, step: width * step, initial=FINEST))
DIFFERENCES = (*(-width for width in reversed(_ASIDE)), 0.0, *_ASIDE)
"""The differences that are tried: ratio of the new variant less that of the old one."""
NONE = PLACES
"""The place of no difference among them."""
PRIOR_PAYMENTS = 200.0
"""A variant's ratio is believed to be that of both together as if it had been so in this many payments."""
ROUNDS_MAX = 60
"""Halvings of an interval until nothing is left of it; Newton's steps need six or so."""
BITS = 1e-13


class DifferenceState(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence against each difference, natural logarithms: as it is now, and at its highest. seen: as in Pane."""

    now: list[float]
    highest: list[float]
    seen: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Interval:
    """Differences that were never told from the true one, ends included; all others were."""

    low: float
    high: float


class Difference:
    """Evidence against every difference that two ratios may have, pane by pane.

    Say that in every pane the new variant's ratio is the old one's, whatever it is then, plus one d. For a pane with k
    of n bad payments of the new variant and l of m of the old one, and any ratios a (old) and b (new) that were chosen
    before the pane, let x be the ratio that makes x (old) and x + d (new) likeliest where a and b are true, the maximum
    of ``m (a log x + (1-a) log(1-x)) + n (b log(x+d) + (1-b) log(1-x-d))``. Then ::

        E = (b/(x+d))^k ((1-b)/(1-x-d))^(n-k) (a/x)^l ((1-a)/(1-x))^(m-l)

    averages at most 1, whatever the true ratio is: the logarithm of that average is concave in it, and at x both its
    value and its slope are 0. So the product over panes is a martingale or falls, and reaches ``1 / alpha`` with a
    probability of at most alpha, at any time, whoever looks (R. Turner, A. Ly and P. Grünwald, Generic E-variables for
    exact sequential k-sample tests that allow for optional stopping, 2022; R. Turner and P. Grünwald, Exact
    anytime-valid confidence intervals for contingency tables and beyond, 2023). What was never reached is an interval.
    a and b are what was seen so far, drawn together by PRIOR_PAYMENTS.

    Nothing is assumed about volume, split or the hour, and both may change. Assumed is that payments are independent:
    count one for each customer.
    """

    __slots__ = ("_highest", "_now", "seen")

    def __init__(self, state: DifferenceState | None = None) -> None:
        self._now = [0.0] * len(DIFFERENCES) if state is None else list(state.now)
        self._highest = list(self._now) if state is None else list(state.highest)
        self.seen = Pane() if state is None else Pane(*state.seen)

    @property
    def state(self) -> DifferenceState:
        """All of it, to go on from later."""
        seen = (self.seen.new, self.seen.new_bad, self.seen.old, self.seen.old_bad)
        return DifferenceState(now=list(self._now), highest=list(self._highest), seen=seen)

    @property
    def evidence(self) -> float:
        """The natural logarithm of the highest evidence against no difference; 0 before any."""
        return self._highest[NONE]

    def fold(self, pane: Pane) -> None:
        """Weigh one more pane; one without payments of both says nothing of the difference."""
        if pane.new and pane.old:
            old, new = self._believed()
            for place, difference in enumerate(DIFFERENCES):
                self._now[place] += _logarithm(pane, old, new, difference)
            self._highest = [max(pair) for pair in zip(self._now, self._highest, strict=True)]
        self.seen.add(pane)

    def interval(self, needed: float) -> Interval | None:
        """What is left of all differences at this evidence, a natural logarithm; None when nothing is.

        It reaches to the first difference of DIFFERENCES on each side that is told from the true one, so what lies
        between two of them is in it. Nothing is left when the difference was another one at other times.
        """
        left = [place for place, evidence in enumerate(self._highest) if evidence < needed]
        if not left:
            return None
        low, high = left[0] - 1, left[-1] + 1
        return Interval(
            DIFFERENCES[low] if low >= 0 else -1.0,
            DIFFERENCES[high] if high < len(DIFFERENCES) else 1.0,
        )

    def _believed(self) -> tuple[float, float]:
        """The ratios of the old and the new variant as seen so far."""
        seen = self.seen
        both = (seen.new_bad + seen.old_bad + 0.5) / (seen.new + seen.old + 1)
        old = (seen.old_bad + PRIOR_PAYMENTS * both) / (seen.old + PRIOR_PAYMENTS)
        new = (seen.new_bad + PRIOR_PAYMENTS * both) / (seen.new + PRIOR_PAYMENTS)
        return old, new


def threshold(alpha: float, comparisons: int) -> float:
    """The natural logarithm of the evidence that takes, where so many comparisons share alpha evenly."""
    return log(comparisons / alpha)


def nearest(old: float, new: float, pane: Pane, difference: float) -> float:
    """The old variant's ratio that is likeliest at this difference, where old and new are true.

    The slope of what is maximal there falls throughout, and is 0 between old and new - difference.
    """
    low, high = sorted((old, new - difference))
    low, high = max(low, -difference, 0.0), min(high, 1.0 - difference, 1.0)
    ratio = (low + high) / 2
    for _ in range(ROUNDS_MAX):
        shifted = ratio + difference
        spread_old, spread_new = ratio * (1 - ratio), shifted * (1 - shifted)
        if high - low <= BITS * ratio or spread_old <= 0 or spread_new <= 0:
            break
        towards_old, towards_new = (old - ratio) / spread_old, (new - shifted) / spread_new
        slope = pane.old * towards_old + pane.new * towards_new
        if slope > 0:
            low = ratio
        else:
            high = ratio
        bend = -pane.old * (1 + towards_old * (1 - 2 * ratio)) / spread_old
        bend -= pane.new * (1 + towards_new * (1 - 2 * shifted)) / spread_new
        following = ratio - slope / bend if bend < 0 else low
        if abs(following - ratio) <= BITS * ratio:
            break
        ratio = following if low < following < high else (low + high) / 2
    return ratio


def _logarithm(pane: Pane, old: float, new: float, difference: float) -> float:
    """Log E of a pane against one difference."""
    ratio = nearest(old, new, pane, difference)
    shifted = ratio + difference
    if not (0 < ratio < 1 and 0 < shifted < 1):
        return 0.0
    return (
        pane.new_bad * log(new / shifted)
        + (pane.new - pane.new_bad) * (log1p(-new) - log1p(-shifted))
        + pane.old_bad * log(old / ratio)
        + (pane.old - pane.old_bad) * (log1p(-old) - log1p(-ratio))
    )
