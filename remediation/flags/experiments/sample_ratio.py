"""Whether customers come to the variants in the shares that were asked for: if not, nothing else can be believed."""

from collections.abc import Mapping
from math import lgamma, log

import msgspec

ALPHA = 0.001
"""How often a split that is as asked is called another one, at the most and however often it is looked at."""
PRIOR_CUSTOMERS = 100.0
"""Other splits are weighed as if the asked one had been seen in so many customers: near ones more than far ones."""


class SampleRatioState(msgspec.Struct, frozen=True, kw_only=True):
    """shares: asked for, they sum to 1. counts: since they were. carried, highest: natural logarithms of evidence."""

    shares: dict[str, float]
    counts: dict[str, int]
    carried: float = 0.0
    highest: float = 0.0


class SampleRatio:
    """Evidence that customers are not drawn in the asked shares.

    With n_i of n customers at variant i, whose asked share is s_i, and a_i = PRIOR_CUSTOMERS s_i that sum to a ::

        E = G(a) / G(a + n) * product of G(a_i + n_i) / G(a_i) / s_i^n_i        (G: the gamma function)

    is what a Dirichlet prior around the asked shares expects of the counts, against the shares themselves: a martingale
    while they are right, so it reaches ``1 / ALPHA`` with a probability of at most ALPHA, whenever anybody looks
    (M. Lindon and A. Malek, Anytime-valid inference for multinomial count data, 2022). A change of the shares begins
    another such product, and the product of all of them is a martingale as well.
    """

    def __init__(self, shares: Mapping[str, float], state: SampleRatioState | None = None) -> None:
        kept = SampleRatioState(shares=dict(shares), counts=dict.fromkeys(shares, 0)) if state is None else state
        self._shares, self._counts = dict(kept.shares), dict(kept.counts)
        self._carried, self._highest = kept.carried, kept.highest

    @property
    def state(self) -> SampleRatioState:
        """All of it, to go on from later."""
        return SampleRatioState(
            shares=dict(self._shares), counts=dict(self._counts), carried=self._carried, highest=self._highest
        )

    @property
    def highest(self) -> float:
        """The natural logarithm of the highest evidence at any weighing."""
        return self._highest

    @property
    def is_wrong(self) -> bool:
        """Whether it was ever told that customers are not drawn as asked."""
        return self._highest >= log(1 / ALPHA)

    @property
    def evidence(self) -> float:
        """The natural logarithm of E as it is now."""
        evidence, seen = self._carried, sum(self._counts.values())
        evidence += lgamma(PRIOR_CUSTOMERS) - lgamma(PRIOR_CUSTOMERS + seen)
        for variant, share in self._shares.items():
            if share > 0:
                prior, counted = PRIOR_CUSTOMERS * share, self._counts[variant]
                evidence += lgamma(prior + counted) - lgamma(prior) - counted * log(share)
        return evidence

    def ask(self, shares: Mapping[str, float]) -> None:
        """From now on customers are drawn in these shares."""
        if dict(shares) == self._shares:
            return
        self._carried = self.evidence
        self._shares, self._counts = dict(shares), dict.fromkeys(shares, 0)

    def count(self, variant: str) -> None:
        """One customer more, at this variant; one whose variant nobody is drawn to is none of it."""
        if self._shares.get(variant, 0.0) > 0:
            self._counts[variant] += 1

    def weigh(self) -> None:
        """Look at the counts; rarely enough that it costs nothing, and what it does not see it sees the next time."""
        self._highest = max(self._highest, self.evidence)
