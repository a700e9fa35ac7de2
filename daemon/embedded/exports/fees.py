"""What the processor charges, by its public price list of 2024 for the United States and where accounts settle."""

CARD = {"usd": (290, 30), "eur": (150, 25), "gbp": (150, 20), "jpy": (360, 0)}
"""Basis points, and minor units for each charge."""

INTERNATIONAL_BASIS_POINTS = 150
"""For a card that was issued abroad."""

ACH_BASIS_POINTS = 80
ACH_MAX = 500
ACH_RETURN = 400
DISPUTE = {"usd": 1_500, "eur": 2_000, "gbp": 2_000, "jpy": 1_500}
PAYOUT_BASIS_POINTS = 25
PAYOUT_ITEM = {"usd": 25, "eur": 10, "gbp": 10, "jpy": 0}
"""Connect: a quarter of a percent of what is paid out, and an amount for each payout."""

PLATFORM_BASIS_POINTS = 800
"""What the marketplace keeps of a charge; the processor calls it an application fee."""


def share(amount: int, basis_points: int) -> int:
    """So much of an amount, rounded half up."""
    return (amount * basis_points + 5_000) // 10_000
