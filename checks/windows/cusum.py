"""A cumulative sum of outcomes: how much more the latest facts look like the faulty ratio than like the healthy one."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, log

THRESHOLD_MAX = 200_000
"""Beyond it healthy and faulty are so near each other that hundreds of thousands of facts tell nothing."""


class Indistinct(Exception):
    """The healthy and the faulty ratio cannot be told apart in whole steps. nearest: the next faulty ratio that can."""

    def __init__(self, nearest: Fraction | None) -> None:
        super().__init__("healthy and faulty are too close to each other")
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Chart:
    """up: what a bad fact adds to the score; a good one takes 1 away. threshold: the score at which it fires.

    facts_between_false_alarms: the mean for a healthy key, by the arithmetic of `chart`; at least the budget.
    """

    up: int
    threshold: int
    facts_between_false_alarms: float

    def facts_to_fire(self, bad_share: float) -> float | None:
        """About how many facts it takes from score 0 at a share of bad ones; None when that share is no fault to it."""
        drift = bad_share * self.up - (1 - bad_share)
        return None if drift <= 0 else max(ceil(self.threshold / self.up) / bad_share, self.threshold / drift)


@lru_cache(maxsize=1024)
def chart(healthy: Fraction, faulty: Fraction, facts_per_false_alarm: int) -> Chart:
    """The chart between two ratios of bad facts with at most one false alarm in so many facts. Raises Indistinct.

    Every fact moves a score by its log likelihood ratio: ``ln(p1/p0)`` up for a bad fact, ``ln((1-p1)/(1-p0))`` down
    for a good one, never below 0 (E. S. Page, Continuous Inspection Schemes, Biometrika 41, 1954; that nothing finds a
    change from p0 to p1 sooner at the same rate of false alarms: G. V. Moustakides, Annals of Statistics 14, 1986).

    Here a good fact moves it by exactly 1 and a bad one by a whole number, so that a score is a small integer, nothing
    is rounded, and the chain of scores can be solved exactly (M. R. Reynolds and Z. G. Stoumbos, A CUSUM Chart for
    Monitoring a Proportion When Inspecting Continuously, Journal of Quality Technology 31, 1999, choose their steps
    alike). With U for the step up, E(s) for the facts that a healthy key takes from score s to the threshold H, and p
    for p0::

        E(s) = 1 + p E(s + U) + (1 - p) E(s - 1)     E(s >= H) = 0     E(0) = 1 + p E(U) + (1 - p) E(0)

    Counted from the top, d = H - s, the solution is E = x w(d) - v(d). w and v follow from their U values before and do
    not depend on H: ``w(d+1) - w(d) = p/(1-p) (w(d) - w(d-U))`` and ``v(d+1) - v(d) = (1 + p (v(d) - v(d-U)))/(1-p)``;
    the floor at 0 gives ``x = (1/p + v(H) - v(H-U)) / (w(H) - w(H-U))``. So one pass upward finds the smallest H at
    which E(0), the mean number of facts between two false alarms, reaches the budget. It grows with the budget's
    logarithm.
    """
    up = _step_up(healthy, faulty)
    p = float(healthy)
    q = 1 - p
    # w and v of d, and their differences over the last `up` values of d.
    rises_w, rises_v = [1.0], [0.0]
    w, v, spread_w, spread_v = 1.0, 0.0, 1.0, 0.0
    for threshold in range(1, THRESHOLD_MAX):
        facts = (1 / p + spread_v) / spread_w * w - v
        if facts >= facts_per_false_alarm:
            return Chart(up, threshold, facts)
        rise_w, rise_v = p / q * spread_w, (1 + p * spread_v) / q
        rises_w.append(rise_w)
        rises_v.append(rise_v)
        w, v = w + rise_w, v + rise_v
        spread_w, spread_v = spread_w + rise_w, spread_v + rise_v
        if threshold >= up:
            spread_w -= rises_w[threshold - up]
            spread_v -= rises_v[threshold - up]
    raise Indistinct(None)


def _step_up(healthy: Fraction, faulty: Fraction) -> int:
    """The whole number of good facts that weigh as much as a bad one, such that healthy scores fall and faulty rise."""
    up_log = log(faulty / healthy)
    down_log = log((1 - healthy) / (1 - faulty))
    step = round(up_log / down_log)
    # With q = 1 - p the score of a key falls on average when p (up + 1) < 1, and rises when it is above 1.
    highest = ceil(1 / healthy) - 2
    lowest = floor(1 / faulty)
    if lowest > highest or highest < 1:
        # With a highest of 1 it would be all facts, which is no ratio of a fault.
        raise Indistinct(Fraction(1, highest) if highest > 1 else None)
    return max(lowest, min(step, highest), 1)
