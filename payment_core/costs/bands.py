"""Ticket bands: the cohorts whose savings are told apart."""

BANDS: tuple[tuple[str, int], ...] = (
    ("below $10", 1_000),
    ("$10 to $25", 2_500),
    ("$25 to $50", 5_000),
    ("$50 to $100", 10_000),
    ("$100 to $250", 25_000),
    ("$250 to $1,000", 100_000),
)
"""Names with the amount in cents that is the first of the next band: savings depend on the ticket above all."""

LARGEST = "from $1,000"


def band_of(amount_cents: int) -> tuple[int, str]:
    """The band's place and name."""
    for place, (name, below_cents) in enumerate(BANDS):
        if amount_cents < below_cents:
            return place, name
    return len(BANDS), LARGEST
