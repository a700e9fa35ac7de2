"""How many units the clock asks for: the entries of a schedule, each by the wall clock of its zone."""

from bisect import bisect_right
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.calendars.cron import cron
from config.calendars.recurrence import cron_starts
from remediation.guardrails.wall_clock import instant_ms, wall_clock
from remediation.scaling.model import Component, Source
from remediation.scaling.needs import Need

DAY_MS = 86_400_000
LOOK_BACK_DAYS = (2, 9, 40, 400)
"""What recurs, recurs within a year; most does so within a day."""
DAYS_CACHED = 4096


def need(component: Component, now_ms: int) -> Need | None:
    """The newest ``min`` that has begun, or a ``desired`` that began within the cool-down, whichever is more."""
    holds_ms = round(component.scaled.cool_down.scale_in * 1000)
    newest: tuple[int, Need] | None = None
    found: list[Need] = []
    for entry in component.scaled.schedule:
        began_ms = last_start_ms(entry.cron, entry.zone, now_ms)
        if began_ms is None:
            continue
        words = f"{entry.cron} in {entry.zone}"
        if entry.min is not None and (newest is None or began_ms >= newest[0]):
            newest = began_ms, Need(entry.min, Source.SCHEDULED, words)
        if entry.desired is not None and now_ms - began_ms < holds_ms:
            found.append(Need(entry.desired, Source.SCHEDULED, words))
    if newest is not None:
        found.append(newest[1])
    return max(found, key=lambda one: one.units, default=None)


def last_start_ms(expression: str, zone: str, now_ms: int) -> int | None:
    """The newest moment of the expression that is not later than now; None when there was none in 400 days.

    A time that the clock skips is the moment of the skip, one that it shows twice the first of the two.
    """
    before_ms, starts_ms = _of_day(expression, zone, now_ms // DAY_MS)
    place = bisect_right(starts_ms, now_ms)
    return starts_ms[place - 1] if place else before_ms


@lru_cache(maxsize=DAYS_CACHED)
def _of_day(expression: str, zone: str, day: int) -> tuple[int | None, list[int]]:
    """The last moment before the UTC day, and those within it."""
    start_ms = day * DAY_MS
    within = [one for one in _between(expression, zone, start_ms, start_ms + DAY_MS) if one >= start_ms]
    for days in LOOK_BACK_DAYS:
        earlier = _between(expression, zone, start_ms - days * DAY_MS, start_ms)
        if earlier:
            return earlier[-1], within
    return None, within


def _between(expression: str, zone: str, from_ms: int, until_ms: int) -> list[int]:
    """Moments of the expression from one moment to another, the latter excluded, in their order."""
    place, margin = ZoneInfo(zone), timedelta(hours=2)
    walls = cron_starts(cron(expression), wall_clock(from_ms, place) - margin, wall_clock(until_ms, place) + margin)
    return sorted(one for one in {instant_ms(wall, place) for wall in walls} if from_ms <= one < until_ms)
