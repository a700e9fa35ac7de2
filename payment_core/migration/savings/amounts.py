"""Millionths of a cent, cents and shares as people read them; whole numbers all the way."""

from payment_core.costs.breakdown import MICROCENTS_PER_CENT


def cents(microcents: int, decimals: int = 2) -> str:
    """``28.11 c``, rounded half up."""
    unit = MICROCENTS_PER_CENT // 10**decimals
    rounded = (abs(microcents) + unit // 2) // unit
    sign = "-" if microcents < 0 and rounded > 0 else ""
    if decimals == 0:
        return f"{sign}{rounded:,} c"
    return f"{sign}{rounded // 10**decimals:,}.{rounded % 10**decimals:0{decimals}d} c"


def dollars(amount_cents: int) -> str:
    """``$1,234.05``."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}${abs(amount_cents) // 100:,}.{abs(amount_cents) % 100:02d}"


def percent(basis_points: int) -> str:
    """``98.00 %``."""
    sign = "-" if basis_points < 0 else ""
    return f"{sign}{abs(basis_points) // 100}.{abs(basis_points) % 100:02d} %"
