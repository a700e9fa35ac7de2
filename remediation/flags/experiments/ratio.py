"""A ratio with an interval that holds however often it is looked at."""

from math import inf, lgamma, log, log1p

from remediation.flags.experiments.difference import Interval

HALVINGS = 50
_HALF = 0.5


def interval_of(counted: int, seen: int, alpha: float) -> Interval:
    """All ratios that were not told from the true one; 0 to 1 before anything was seen.

    For independent payments of one ratio p, ``B(k + 1/2, n - k + 1/2) / B(1/2, 1/2) / (p^k (1-p)^(n-k))`` is a
    martingale: the likelihood that Jeffreys' prior expects, against that of p. So it reaches ``1 / alpha`` with a
    probability of at most alpha, whenever anybody looks (H. Robbins, Statistical methods related to the law of the
    iterated logarithm, 1970). It says nothing of a ratio that changes in the meantime: for that there is Difference.
    """
    if not seen:
        return Interval(0.0, 1.0)
    evidence = _log_beta(counted + _HALF, seen - counted + _HALF) - _log_beta(_HALF, _HALF) + log(alpha)
    middle = counted / seen
    return Interval(_edge(0.0, middle, counted, seen, evidence), _edge(1.0, middle, counted, seen, evidence))


def _edge(outer: float, inner: float, counted: int, seen: int, evidence: float) -> float:
    """Where between the two the ratio begins to be possible: the outer one is not, the inner one is."""
    if evidence < _log_likelihood(outer, counted, seen):
        return outer
    for _ in range(HALVINGS):
        between = (outer + inner) / 2
        if evidence < _log_likelihood(between, counted, seen):
            inner = between
        else:
            outer = between
    return outer


def _log_likelihood(ratio: float, counted: int, seen: int) -> float:
    """Of so many of all; 0 to the power of 0 is 1."""
    if (counted and ratio <= 0) or (seen > counted and ratio >= 1):
        return -inf
    yes = counted * log(ratio) if counted else 0.0
    return yes + ((seen - counted) * log1p(-ratio) if seen > counted else 0.0)


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)
