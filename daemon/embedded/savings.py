"""What the payments of a data directory cost by their rails' prices, against the processor they replace."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from config.prices import Price, Prices

MICROCENTS_PER_CENT = 1_000_000
HUNDRED_DOLLARS_CENTS = 10_000


@dataclass(frozen=True, slots=True)
class RailVolume:
    """Captured payments of one rail: how many, and how much in cents."""

    rail: str
    payments: int
    amount_cents: int


class Savings(msgspec.Struct, frozen=True, kw_only=True):
    """percent: saved against the baseline, None when there is nothing to measure. cents_per_100: cost of $100.

    cohort: what was measured, at which prices, or why nothing was.
    """

    percent: float | None
    cents_per_100: float | None
    cohort: str


def measure(volumes: Sequence[RailVolume], prices: Prices) -> Savings:
    """The saving of these payments: pay-in alone, without payouts, returns and the fixed AWS bill."""
    payments = sum(volume.payments for volume in volumes)
    amount_cents = sum(volume.amount_cents for volume in volumes)
    if payments == 0 or amount_cents == 0:
        return Savings(percent=None, cents_per_100=None, cohort="no captured payments, so there is nothing to measure")
    cost = sum(_cost(volume, prices) for volume in volumes)
    baseline = prices.baseline.microcents(amount_cents, payments)
    if baseline == 0:
        return Savings(percent=None, cents_per_100=None, cohort=f"the baseline {prices.baseline.name} costs nothing")
    return Savings(
        percent=round(100 * (baseline - cost) / baseline, 2),
        cents_per_100=round(cost * HUNDRED_DOLLARS_CENTS / amount_cents / MICROCENTS_PER_CENT, 2),
        cohort=_cohort(volumes, payments, amount_cents, prices),
    )


def _cost(volume: RailVolume, prices: Prices) -> int:
    price = _price(volume.rail, prices)
    return price.microcents(volume.amount_cents, volume.payments) + volume.payments * prices.infrastructure_microcents


def _price(rail: str, prices: Prices) -> Price:
    return prices.ach if rail == "ach" else prices.card


def _cohort(volumes: Sequence[RailVolume], payments: int, amount_cents: int, prices: Prices) -> str:
    rails = ", ".join(
        f"{volume.rail} {100 * volume.payments / payments:.0f} % at {_price(volume.rail, prices).name}"
        for volume in sorted(volumes, key=lambda one: one.rail)
    )
    ticket = amount_cents / payments / 100
    return f"{rails}; mean ticket ${ticket:.2f}; pay-in alone, simulated rails; baseline {prices.baseline.name}"
