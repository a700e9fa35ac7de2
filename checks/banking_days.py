"""On which days the Federal Reserve settles."""

from datetime import date
from functools import lru_cache

import holidays

SATURDAY = 5
YEARS_KEPT = 64


@lru_cache(maxsize=YEARS_KEPT)
def closed_days(year: int) -> frozenset[date]:
    """Federal Reserve holidays of a year. A Sunday's moves to Monday, a Saturday's is not moved."""
    return frozenset(holidays.financial_holidays("XFED", years=year))


def is_banking_day(day: date) -> bool:
    """Whether the Federal Reserve settles on this day."""
    return day.weekday() < SATURDAY and day not in closed_days(day.year)
