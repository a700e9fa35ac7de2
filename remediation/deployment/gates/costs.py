"""What $100 cost on each version, at one and the same mix of rails and ticket bands."""

import msgspec

from checks.facts import PaymentCaptured

MICROCENTS_PER_CENT = 1_000_000
CENTS_PER_100 = 10_000
BANDS_MAX = 200
"""Pairs of rail and ticket band; there are fourteen."""


class _Band:
    __slots__ = ("new_cents", "new_cost", "new_count", "old_cents", "old_cost", "old_count")

    def __init__(self) -> None:
        self.new_cents = self.new_cost = self.new_count = 0
        self.old_cents = self.old_cost = self.old_count = 0


class CostComparison(msgspec.Struct, frozen=True, kw_only=True):
    """new, old: cents per $100, the old one at the new one's mix. variance: of new over old, 0.1 for a tenth more.

    samples: captures of the new version in bands in which the old one took money too.
    """

    new: float
    old: float
    variance: float
    samples: int


class Costs:
    """Sums of both versions by rail and ticket band, in whole numbers."""

    def __init__(self) -> None:
        self._bands: dict[tuple[str, str], _Band] = {}

    def take(self, capture: PaymentCaptured, *, is_new: bool) -> None:
        """One capture; one without a price says nothing."""
        if not capture.cost_microcents or not capture.amount_cents:
            return
        key = (capture.rail, capture.cohort)
        band = self._bands.get(key)
        if band is None:
            if len(self._bands) >= BANDS_MAX:
                return
            band = self._bands[key] = _Band()
        if is_new:
            band.new_cost += capture.cost_microcents
            band.new_cents += capture.amount_cents
            band.new_count += 1
        else:
            band.old_cost += capture.cost_microcents
            band.old_cents += capture.amount_cents
            band.old_count += 1

    def compared(self) -> CostComparison | None:
        """Both versions at the new one's mix; None before both have taken money in one band.

        A flat fee weighs more in a small payment, so what the old version would have cost is added up band by band:
        its cost of a payment times the payments of the new one, and not its cost of $100 overall.
        """
        cost = cents = samples = 0
        expected = 0.0
        for band in self._bands.values():
            if not band.new_count or not band.old_count:
                continue
            cost += band.new_cost
            cents += band.new_cents
            samples += band.new_count
            expected += band.old_cost * band.new_cents / band.old_cents
        if not samples or not expected:
            return None
        to_cents = CENTS_PER_100 / cents / MICROCENTS_PER_CENT
        return CostComparison(
            new=cost * to_cents, old=expected * to_cents, variance=cost / expected - 1, samples=samples
        )
