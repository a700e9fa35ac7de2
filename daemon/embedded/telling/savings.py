"""What the payments of a data directory cost, as it was measured with each, against the processor they replace."""

from dataclasses import dataclass

import msgspec

from config.prices import Prices

MICROCENTS_PER_CENT = 1_000_000
HUNDRED_DOLLARS_CENTS = 10_000

NOTHING_CAPTURED = "no captured payments, so there is nothing to measure"
NOTHING_PRICED = "no price sheet was known when the payments were captured"


@dataclass(frozen=True, slots=True)
class RailVolume:
    """Captures of one rail: how many, how much in cents; their cost and baseline in millionths of a cent."""

    rail: str
    captures: int
    amount_cents: int
    cost_microcents: int
    baseline_microcents: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in a data directory.

    noted_microcents: spent on files, payouts and returns. sheets: days of the price sheets that were applied.
    unpriced: captures that are in no volume, because no prices were known when they were made.
    """

    volumes: tuple[RailVolume, ...] = ()
    noted_microcents: int = 0
    sheets: tuple[str, ...] = ()
    unpriced: int = 0


class Savings(msgspec.Struct, frozen=True, kw_only=True):
    """percent: saved against the baseline, None when there is nothing to measure. cents_per_100: cost of $100.

    cohort: what was measured, at which prices, or why nothing was.
    """

    percent: float | None
    cents_per_100: float | None
    cohort: str


def saving_of(measured: Measured, prices: Prices) -> Savings:
    """The saving of these captures with what else was spent on them, without the fixed AWS bill.

    prices: name the sheets' prices in the cohort; the figures are those that were kept with the captures.
    """
    amount_cents = sum(volume.amount_cents for volume in measured.volumes)
    cost = measured.noted_microcents + sum(volume.cost_microcents for volume in measured.volumes)
    baseline = sum(volume.baseline_microcents for volume in measured.volumes)
    if amount_cents == 0 or baseline == 0:
        reason = NOTHING_CAPTURED if measured.unpriced == 0 else NOTHING_PRICED
        return Savings(percent=None, cents_per_100=None, cohort=reason)
    return Savings(
        percent=round(100 * (baseline - cost) / baseline, 2),
        cents_per_100=round(cost * HUNDRED_DOLLARS_CENTS / amount_cents / MICROCENTS_PER_CENT, 2),
        cohort=_cohort(measured, amount_cents, prices),
    )


def _cohort(measured: Measured, amount_cents: int, prices: Prices) -> str:
    captures = sum(volume.captures for volume in measured.volumes)
    applied = [sheet for sheet in prices.sheets if sheet.effective_from.isoformat() in measured.sheets]
    rails = ", ".join(
        f"{volume.rail} {100 * volume.captures / captures:.0f} %"
        + "".join(f" at {sheet.pay_in(volume.rail).name}" for sheet in applied)
        for volume in measured.volumes
    )
    days = " and ".join(measured.sheets)
    baseline = " and ".join(dict.fromkeys(sheet.baseline.name for sheet in applied))
    ticket = amount_cents / captures / 100
    left_out = f"; {measured.unpriced} captures without a price left out" if measured.unpriced else ""
    spent = "with files, payouts and returns" if measured.noted_microcents else "pay-in alone"
    return (
        f"{rails}; mean ticket ${ticket:.2f}; {spent}, measured per payment, simulated rails; "
        f"prices of {days}; baseline {baseline}{left_out}"
    )
