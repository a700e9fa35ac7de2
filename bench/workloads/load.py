"""Requests a second of a marketplace, made up from a seed: weeks of history, and a day with two sales and a burst."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, exp, log, pi

FIRST_DAY = datetime(2026, 10, 5, tzinfo=UTC)
"""A Monday; in New York it begins at 04:00 UTC until the first of November."""
DAYS = 15
STEP_SECONDS = 5
ZONE_HOURS = 4
SALES_HOURS = (12, 20)
"""New York's wall clock: a sale begins at noon, another one in the evening."""
RISE_SECONDS = 75.0
HALF_LIFE_SECONDS = 900.0
WEEKDAYS = (0.95, 0.95, 1.0, 1.0, 1.1, 1.05, 0.95)


@dataclass(frozen=True, slots=True)
class Burst:
    """Load that nobody announced: at a second of the last day, so much times the usual, after so long a rise."""

    at_seconds: float = (15 * 60 + 37) * 60
    factor: float = 1.5
    rise_seconds: float = 60.0
    lasts_seconds: float = 600.0


def start_ms(day: int) -> int:
    """When the day begins on New York's clock, Unix milliseconds. day: 0 for the first."""
    return round((FIRST_DAY + timedelta(days=day, hours=ZONE_HOURS)).timestamp() * 1000)


def load(seed: int, days: int = DAYS, burst: Burst | None = None) -> Iterator[tuple[int, float]]:
    """Rows of Unix milliseconds and requests a second, one for each STEP_SECONDS; the burst is on the last day.

    A day is a cosine with its low at four in the morning, times its weekday, times a level of its own (4 %). A sale
    begins within 20 s of its hour, rises over about 75 s to four and a half times the usual (10 % from day to day), and
    halves each 15 minutes. What is left is the noise of so many independent payers: a variance as large as the load.
    """
    chance = random.Random(seed)  # noqa: S311  # reproducible input, not a secret
    for day in range(days):
        level = 100 * WEEKDAYS[day % 7] * chance.gauss(1, 0.04)
        sales = [(hour * 3600 + chance.uniform(-20, 20), 3.5 * chance.gauss(1, 0.1)) for hour in SALES_HOURS]
        for second in range(0, 86_400, STEP_SECONDS):
            usual = level * (1 - 0.55 * cos(2 * pi * (second / 86_400 - 4 / 24)))
            extra = sum(_sale(second - at, height) for at, height in sales)
            mean = usual * (1 + extra) * (_burst(second, burst) if burst is not None and day == days - 1 else 1.0)
            yield start_ms(day) + second * 1000, max(0.0, chance.gauss(mean, (mean / STEP_SECONDS) ** 0.5))


def _sale(since: float, height: float) -> float:
    """What a sale adds to the usual load, as a share of it."""
    if since < 0:
        return 0.0
    return height * (1 - exp(-3 * since / RISE_SECONDS)) * exp(-log(2) * since / HALF_LIFE_SECONDS)


def _burst(second: float, burst: Burst) -> float:
    since = second - burst.at_seconds
    if not 0 <= since < burst.lasts_seconds:
        return 1.0
    return 1 + (burst.factor - 1) * min(1.0, since / burst.rise_seconds)
