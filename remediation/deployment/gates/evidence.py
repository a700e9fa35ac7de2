"""How many payments a stage needs, so that the stated fault would have been found with the stated power."""

from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

from checks.windows.cusum import Chart

FACTS_MAX = 200_000
"""A stage that needs more payments than this never ends; the fault is too mild to be asked for."""


class Unattainable(Exception):
    """No stage is long enough to see so mild a fault with so much power."""


@lru_cache(maxsize=256)
def facts_to_see(steps: Chart, faulty: float, power: float) -> int:
    """Facts of a release with this share of bad ones after which the chart has fired with this probability.

    The scores of the chart (`checks.windows.cusum`) are a chain: a bad fact adds ``up``, a good one takes 1 away, never
    below 0, and the threshold absorbs. With x for the probabilities of the scores, and p for the share of bad facts::

        x'(s) = (1 - p) x(s + 1) + p x(s - up)     x'(0) = (1 - p) (x(0) + x(1))

    starting at 0. What is left of x after n facts is the probability that it has not fired. No approximation is made
    (D. Brook and D. A. Evans, An Approach to the Probability Distribution of CUSUM Run Length, Biometrika 59, 1972).
    Raises Unattainable.
    """
    bad, good, missed, up = faulty, 1 - faulty, 1 - power, steps.up
    left = [1.0] + [0.0] * (steps.threshold - 1)
    for facts in range(1, FACTS_MAX + 1):
        lowered = [good * share for share in left[1:]]
        lowered.append(0.0)
        lowered[0] += good * left[0]
        left = lowered[:up] + [fallen + bad * risen for fallen, risen in zip(lowered[up:], left, strict=False)]
        if sum(left) <= missed:
            return facts
    raise Unattainable


@lru_cache(maxsize=256)
def facts_to_tell(healthy: float, faulty: float, power: float, false_alarm: float) -> int:
    """The fewest facts over which some number of bad ones tells the two ratios apart, by the exact binomial tails.

    For a limit of c bad facts, n is the smallest with ``P(X >= c | n, faulty) >= power``; the first c for which also
    ``P(X >= c | n, healthy) <= false_alarm`` is the answer: a larger c is wrong less often. Raises Unattainable.
    """
    if _about(healthy, faulty, power, false_alarm) > FACTS_MAX:
        raise Unattainable

    def tells(limit: int) -> bool:
        return _tail(limit, _first_with(limit, faulty, power), healthy) <= false_alarm

    high = 1
    while not tells(high):
        high *= 2
    low = high // 2 + 1
    while low < high:
        middle = (low + high) // 2
        if tells(middle):
            high = middle
        else:
            low = middle + 1
    return _first_with(high, faulty, power)


def _about(healthy: float, faulty: float, power: float, false_alarm: float) -> float:
    """The same by the normal approximation, to know beforehand whether there is an answer."""
    normal = NormalDist()
    spread = normal.inv_cdf(1 - false_alarm) * sqrt(healthy * (1 - healthy))
    spread += normal.inv_cdf(power) * sqrt(faulty * (1 - faulty))
    return (spread / (faulty - healthy)) ** 2


def _first_with(limit: int, bad: float, power: float) -> int:
    """The smallest n at which so many bad facts are seen with this probability."""
    low, high = limit, limit
    while _tail(limit, high, bad) < power:
        if high >= FACTS_MAX:
            raise Unattainable
        low, high = high, min(high * 2, FACTS_MAX)
    while low < high:
        middle = (low + high) // 2
        if _tail(limit, middle, bad) >= power:
            high = middle
        else:
            low = middle + 1
    return high


def _tail(limit: int, facts: int, bad: float) -> float:
    """The probability of at least ``limit`` bad facts among so many."""
    below = 0.0
    for count in range(limit):
        ways = lgamma(facts + 1) - lgamma(count + 1) - lgamma(facts - count + 1)
        below += exp(ways + count * log(bad) + (facts - count) * log1p(-bad))
    return 1.0 - min(below, 1.0)
