"""About how many payments it takes until a difference of two ratios would have been told."""

from math import ceil, log, log1p, sqrt
from statistics import NormalDist

LEARNING = 1.7
"""What it costs a comparison that neither ratio is known beforehand, natural logarithm; measured: bench.experiments."""
NEVER = 0
"""Where no number of payments is enough."""
_CLOSEST = 1e-6


def payments_to_see(old: float, new: float, share: float, evidence: float, power: float) -> int:
    """Payments of both variants, with this share of the new one; NEVER for ratios that are alike or a share of 0 or 1.

    A payment adds to the logarithm of the evidence, on average, the Kullback-Leibler divergence I of what is true from
    the nearest that knows no difference, and scatters by V. So it is above ``evidence`` with this power after n
    payments, where ``n I - z sqrt(n V) = evidence``: A. Wald's approximation (Sequential Analysis, 1947), without what
    it jumps beyond the limit. evidence: natural logarithm, with LEARNING where ratios are learned on the way.
    """
    old, new = (min(max(ratio, _CLOSEST), 1 - _CLOSEST) for ratio in (old, new))
    if old == new or not 0 < share < 1:
        return NEVER
    both = share * new + (1 - share) * old
    gained = share * _divergence(new, both) + (1 - share) * _divergence(old, both)
    scattered = share * _scatter(new, both) + (1 - share) * _scatter(old, both)
    spread = NormalDist().inv_cdf(power) * sqrt(scattered)
    root = (spread + sqrt(spread**2 + 4 * gained * evidence)) / (2 * gained)
    return ceil(root**2)


def _divergence(true: float, told: float) -> float:
    """Of a ratio from another one, in natural units."""
    return true * log(true / told) + (1 - true) * (log1p(-true) - log1p(-told))


def _scatter(true: float, told: float) -> float:
    """The variance of one payment's logarithm of the likelihoods."""
    return true * (1 - true) * (log(true / told) - log1p(-true) + log1p(-told)) ** 2
