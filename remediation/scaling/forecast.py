"""The load that is usual at a time of the week, learned as it comes, with how far it strays from that."""

from datetime import datetime
from functools import lru_cache
from math import exp, log, sqrt
from statistics import NormalDist
from zoneinfo import ZoneInfo

import msgspec

from config.scaling import Forecasting
from remediation.guardrails.wall_clock import wall_clock
from remediation.scaling.model import Outlook

SLOT_MINUTES = 5
SLOTS = 7 * 24 * 60 // SLOT_MINUTES
"""Of a week: an hour is too long for a sale that opens at noon sharp."""
SLOT_MS = SLOT_MINUTES * 60_000
WEEK_MS = 7 * 86_400_000
DAY_MS = 86_400_000
FORGOTTEN_WEEKLY = 0.7
"""What is left of a week's weight after another week: the last four weeks are three quarters of all."""
DRIFT_MS = 30 * 60_000
"""How today differs from other weeks is taken from about the last half hour."""
DRIFT_MAX = 2.0
_QUARTER_MS = 900_000
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Slot(msgspec.Struct):
    """The load of one stretch of the week. seconds: of it that were seen, older weeks counting less.

    mean: requests a second. squares: seconds times squared distances from the mean. week: of the newest reading.
    before: the mean of the weeks before that one, None while there is no other.
    """

    seconds: float = 0.0
    mean: float = 0.0
    squares: float = 0.0
    week: int = 0
    before: float | None = None

    def take(self, requests_per_second: float, seconds: float, week: int) -> None:
        """One reading that stands for so many seconds (B. P. Welford's recurrence, weighted: D. H. D. West, 1979)."""
        if week != self.week and self.seconds:
            kept = FORGOTTEN_WEEKLY ** max(0, week - self.week)
            self.seconds *= kept
            self.squares *= kept
            self.before = self.mean
        self.week = week
        self.seconds += seconds
        distance = requests_per_second - self.mean
        self.mean += distance * seconds / self.seconds
        self.squares += seconds * distance * (requests_per_second - self.mean)

    def usual(self, week: int) -> float | None:
        """The mean of the weeks before this one; None when there were none, and drift would be held against itself."""
        if not self.seconds:
            return None
        return self.before if self.week == week else self.mean

    @property
    def deviation(self) -> float:
        """The standard deviation, within weeks and between them."""
        return sqrt(max(0.0, self.squares / self.seconds)) if self.seconds else 0.0


class Seasonal(msgspec.Struct):
    """A forecast of one component. All of it can be encoded, so that a restart knows what was learned.

    seen_ms: time of which the load is known, gaps left out. drift: today's load over the usual one.
    """

    slots: dict[int, Slot] = {}
    seen_ms: int = 0
    last_ms: int = 0
    drift: float = 1.0

    def take(self, at_ms: int, requests_per_second: float, forecasting: Forecasting) -> None:
        """The load at a moment; one that is not later than the newest is passed over.

        It stands for the time since the one before, for one slot at the most: what lies further back was not seen.
        """
        if at_ms <= self.last_ms:
            return
        stands_ms = min(SLOT_MS, at_ms - self.last_ms) if self.last_ms else SLOT_MS
        slot = self.slots.setdefault(slot_of(at_ms, forecasting.zone), Slot())
        usual = slot.usual(at_ms // WEEK_MS)
        if usual and requests_per_second > 0:
            share = 1 - exp(-stands_ms / DRIFT_MS)
            ratio = min(DRIFT_MAX, max(1 / DRIFT_MAX, requests_per_second / usual))
            self.drift = exp((1 - share) * log(self.drift) + share * log(ratio))
        slot.take(requests_per_second, stands_ms / 1000, at_ms // WEEK_MS)
        self.seen_ms += stands_ms
        self.last_ms = at_ms

    def outlook(self, now_ms: int, ahead_ms: int, forecasting: Forecasting) -> Outlook:
        """The highest upper end of the band from now until so far ahead, or why there is none."""
        needs_ms = round(forecasting.needs * 1000)
        if self.seen_ms < needs_ms:
            known, needed = self.seen_ms / DAY_MS, needs_ms / DAY_MS
            return Outlook(requests_per_second=None, why=f"{known:.1f} of {needed:.1f} days of load are known")
        drift = self.drift if now_ms - self.last_ms <= DRIFT_MS else 1.0
        most = 0.0
        for at_ms in (*range(now_ms, now_ms + ahead_ms, SLOT_MS), now_ms + ahead_ms):
            slot = self.slots.get(slot_of(at_ms, forecasting.zone))
            if slot is None:
                why = f"no load of a {_named(at_ms, forecasting.zone)} is known"
                return Outlook(requests_per_second=None, why=why)
            usual = slot.usual(at_ms // WEEK_MS)
            mean = slot.mean if usual is None else usual
            most = max(most, mean + _deviations(forecasting.band_percent) * slot.deviation)
        return Outlook(requests_per_second=most * drift)


def slot_of(at_ms: int, zone: str) -> int:
    """The stretch of the week that the zone's clock is in, 0 on Monday at midnight."""
    quarter, rest_ms = divmod(at_ms, _QUARTER_MS)
    return (_minutes(quarter, zone) + rest_ms // 60_000) // SLOT_MINUTES


@lru_cache(maxsize=8192)
def _minutes(quarter: int, zone: str) -> int:
    """Minutes since Monday's midnight at the begin of a quarter of an hour; clocks are only changed at one."""
    wall: datetime = wall_clock(quarter * _QUARTER_MS, ZoneInfo(zone))
    return (wall.weekday() * 24 + wall.hour) * 60 + wall.minute


@lru_cache(maxsize=64)
def _deviations(band_percent: int) -> float:
    """So many standard deviations above the mean lies the end of a band that holds so much."""
    return NormalDist().inv_cdf(band_percent / 100)


def _named(at_ms: int, zone: str) -> str:
    wall = wall_clock(at_ms, ZoneInfo(zone))
    return f"{_WEEKDAYS[wall.weekday()]} at {wall:%H:%M}"
