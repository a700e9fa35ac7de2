"""How far the ratios of two variants are apart: a test and an interval that hold however often they are looked at."""

from collections.abc import Sequence
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
PRIOR_PAYMENTS = 200.0
"""Both variants are believed to be alike as if they had been so in this many payments."""
RECENT_PAYMENTS = 2_000.0
"""What both are like is known from so many payments or twice as many; older ones are another hour's."""
NEAREST = 0.1
"""No ratio is believed to be nearer to 0 or to 1 than this part of what both have together."""
ROUNDS_MAX = 60
"""Halvings of an interval until nothing is left of it; Newton's steps need six or so."""
BITS = 1e-13


class DifferenceState(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence against each difference, natural logarithms: as it is now, and at its highest.

    seen: as in Pane. weight, apart: what the difference is estimated by. recent: all payments lately, and the bad ones.
    """

    now: list[float]
    highest: list[float]
    seen: tuple[int, int, int, int] = (0, 0, 0, 0)
    weight: float = 0.0
    apart: float = 0.0
    recent: tuple[float, float] = (0.0, 0.0)


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
    a and b are what all payments were like lately, apart by the difference within panes (N. Mantel and W. Haenszel).

    Nothing is assumed about volume, split or the hour, and both may change. Assumed is that payments are independent:
    count one for each customer. differences: those that are tried, in order, with 0.0 among them.
    """

    __slots__ = ("_apart", "_differences", "_highest", "_none", "_now", "_recent", "_weight", "seen")

    def __init__(self, state: DifferenceState | None = None, differences: Sequence[float] = DIFFERENCES) -> None:
        self._differences, self._none = differences, differences.index(0.0)
        nothing = [0.0] * len(differences)
        kept = DifferenceState(now=nothing, highest=nothing) if state is None else state
        self._now, self._highest = list(kept.now), list(kept.highest)
        self._weight, self._apart, self._recent = kept.weight, kept.apart, kept.recent
        self.seen = Pane(*kept.seen)

    @property
    def state(self) -> DifferenceState:
        """All of it, to go on from later."""
        seen = (self.seen.new, self.seen.new_bad, self.seen.old, self.seen.old_bad)
        return DifferenceState(
            now=list(self._now),
            highest=list(self._highest),
            seen=seen,
            weight=self._weight,
            apart=self._apart,
            recent=self._recent,
        )

    @property
    def evidence(self) -> float:
        """The natural logarithm of the highest evidence against no difference; 0 before any."""
        return self._highest[self._none]

    def fold(self, pane: Pane) -> None:
        """Weigh one more pane; one without payments of both says nothing of the difference."""
        if pane.new and pane.old:
            old, new = self._believed(pane.new / (pane.new + pane.old))
            for place, difference in enumerate(self._differences):
                self._now[place] += _logarithm(pane, old, new, difference)
            self._highest = [max(pair) for pair in zip(self._now, self._highest, strict=True)]
            self._weight += pane.new * pane.old / (pane.new + pane.old)
            self._apart += (pane.new_bad * pane.old - pane.old_bad * pane.new) / (pane.new + pane.old)
        self._remember(pane)
        self.seen.add(pane)

    @property
    def estimate(self) -> float | None:
        """The mean difference within panes; None before any pane with payments of both."""
        return self._apart / self._weight if self._weight else None

    def interval(self, needed: float) -> Interval | None:
        """What is left of all differences at this evidence, a natural logarithm; None when there is no one difference.

        It reaches to the first of the differences on each side that is told from the true one, so what lies between two
        of them is in it. Where nothing is left, or the estimate is not in what is, the difference was another one at
        other times: what was ruled out early is not what there is now.
        """
        left = [place for place, evidence in enumerate(self._highest) if evidence < needed]
        if not left:
            return None
        low, high = left[0] - 1, left[-1] + 1
        interval = Interval(
            self._differences[low] if low >= 0 else -1.0,
            self._differences[high] if high < len(self._differences) else 1.0,
        )
        estimate = self.estimate
        return interval if estimate is None or interval.low <= estimate <= interval.high else None

    def _believed(self, share: float) -> tuple[float, float]:
        """The ratios of the old and the new variant, by what came before. share: of the new one in this pane.

        Ratios of everything that was seen would be other ones for both whenever hour and split have changed together.
        """
        payments, bad = self._recent
        both = (bad + 0.5) / (payments + 1)
        apart = self._apart / (self._weight + PRIOR_PAYMENTS / 4)
        low, high = both * NEAREST, 1 - (1 - both) * NEAREST
        return min(max(both - share * apart, low), high), min(max(both + (1 - share) * apart, low), high)

    def _remember(self, pane: Pane) -> None:
        payments, bad = self._recent
        kept = 0.5 if payments > RECENT_PAYMENTS else 1.0
        self._recent = (
            payments * kept + pane.new + pane.old,
            bad * kept + pane.new_bad + pane.old_bad,
        )


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
