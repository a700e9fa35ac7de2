"""Whether a calendar lets changes through at a moment, and until when not; pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from checks.banking_days import is_banking_day
from config.ach import Hours
from config.calendars.calendar import Calendar, CalendarWindow
from config.calendars.cron import cron
from config.calendars.event import CalendarEvent
from config.calendars.freeze import Freeze
from config.calendars.recurrence import cron_starts, rule_starts
from remediation.guardrails.changes import REDUCES_HARM, Change
from remediation.guardrails.wall_clock import instant_ms, wall_clock

BANK_ZONE = "America/New_York"
LOOK_AHEAD_DAYS = 400
"""What recurs, recurs within a year."""
DAY_MS = 86_400_000
DAYS_CACHED = 8192

Interval = tuple[int, int]
"""Unix epoch milliseconds, the end excluded."""

_CUT_OFF = frozenset({Change.ROLLOUT, Change.MIGRATION, Change.KEY_ROTATION, Change.SCALE_IN, Change.MAINTENANCE})
_FREEZE = frozenset(Change) - REDUCES_HARM - {Change.UNDO}
"""An undo is a person's own hand, and they have seen the freeze."""


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar lets no change through. until_ms: when it does again, 0 when that is not within LOOK_AHEAD_DAYS."""

    calendar: str
    kind: str
    until_ms: int
    why: str

    @property
    def detail(self) -> str:
        """For a person: ``ach-cut-offs (cutoff) until 2026-11-27T22:15:00+00:00: ...``."""
        until = datetime.fromtimestamp(self.until_ms // 1000, UTC).isoformat() if self.until_ms else "further notice"
        return f"the {self.kind} {self.calendar} holds changes until {until}: {self.why}"


def is_open(calendar: Calendar, now_ms: int) -> Closed | None:
    """None when the calendar lets the changes that it is about through now.

    Windows are wall clock times: from the first time that the clock shows the start until it shows the end, for a time
    that is shown twice until the second in a freeze or cut-off, until the first in a maintenance window. So
    02:00 to 04:00 in New York is one hour on the Sunday in March, and 01:00 to 02:00 closes for two hours in November.
    """
    inside = _interval_at(calendar, now_ms)
    if calendar.kind == "maintenance":
        if inside is not None:
            return None
        return _closed(
            calendar, _next_start_ms(calendar, now_ms), "changes that ask for maintenance wait for its window"
        )
    if inside is None:
        return None
    why = "files are on their way to the bank" if calendar.kind == "cutoff" else _summary(calendar, now_ms)
    return _closed(calendar, _end_ms(calendar, inside[1]), why)


def intervals(calendar: Calendar, from_ms: int, until_ms: int) -> list[Interval]:
    """The calendar's own times that touch the stretch, in order; those that overlap or follow each other are one."""
    found: set[Interval] = set()
    for day in range(from_ms // DAY_MS, until_ms // DAY_MS + 1):
        found.update(one for one in _on_day(calendar, day) if one[0] < until_ms and one[1] > from_ms)
    merged: list[Interval] = []
    for start_ms, end_ms in sorted(found):
        if merged and start_ms <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end_ms, merged[-1][1]))
        else:
            merged.append((start_ms, end_ms))
    return merged


def concerns(calendar: Calendar, change: Change) -> bool:
    """Whether this calendar has a say about this sort of change."""
    if calendar.kind == "maintenance":
        return change is Change.MAINTENANCE
    if calendar.kind == "cutoff":
        return change in _CUT_OFF
    return change in _FREEZE or (calendar.safety == "held" and change in REDUCES_HARM)


def closed_for(change: Change, calendars: Iterable[Calendar], now_ms: int) -> Closed | None:
    """The first calendar that holds this sort of change now; of maintenance calendars one that is open is enough."""
    asked = [calendar for calendar in calendars if concerns(calendar, change)]
    found = [(calendar, is_open(calendar, now_ms)) for calendar in asked]
    shut = next((closed for calendar, closed in found if closed is not None and calendar.kind != "maintenance"), None)
    if shut is not None:
        return shut
    windows = [closed for calendar, closed in found if calendar.kind == "maintenance"]
    waiting = [closed for closed in windows if closed is not None]
    if len(waiting) < len(windows) or not waiting:
        return None
    return min(waiting, key=lambda one: one.until_ms if one.until_ms else now_ms * 2)


def _closed(calendar: Calendar, until_ms: int, why: str) -> Closed:
    return Closed(calendar=calendar.name, kind=calendar.kind, until_ms=until_ms, why=why)


def _summary(calendar: Calendar, now_ms: int) -> str:
    closes, day = calendar.kind != "maintenance", now_ms // DAY_MS
    names = [
        event.summary
        for event in calendar.events
        if event.summary and any(_within(one, now_ms) for one in _of_event(event, closes, day))
    ]
    names += [one.reason for one in calendar.freezes if _within(_of_freeze(one), now_ms)]
    return names[0] if names else "changes are frozen"


def _interval_at(calendar: Calendar, at_ms: int) -> Interval | None:
    """The interval around this moment that ends last."""
    found = [one for one in _on_day(calendar, at_ms // DAY_MS) if _within(one, at_ms)]
    return max(found, key=lambda one: one[1], default=None)


def _end_ms(calendar: Calendar, end_ms: int) -> int:
    """When the last of the intervals that follow each other without a gap ends."""
    limit_ms = end_ms + LOOK_AHEAD_DAYS * DAY_MS
    while end_ms < limit_ms:
        further = _interval_at(calendar, end_ms)
        if further is None:
            return end_ms
        end_ms = further[1]
    return 0


def _next_start_ms(calendar: Calendar, now_ms: int) -> int:
    first_day = now_ms // DAY_MS
    for day in range(first_day, first_day + LOOK_AHEAD_DAYS):
        starts = [start for start, _ in _on_day(calendar, day) if start > now_ms]
        if starts:
            return min(starts)
    return 0


def _on_day(calendar: Calendar, day: int) -> Iterator[Interval]:
    """The intervals that touch this UTC day, counted from 1970-01-01, and perhaps some around it."""
    closes = calendar.kind != "maintenance"
    for window in calendar.windows:
        yield from _of_window(window, closes, day)
    for event in calendar.events:
        yield from _of_event(event, closes, day)
    for freeze in calendar.freezes:
        yield _of_freeze(freeze)
    if calendar.hours is not None:
        yield from _of_bank(calendar.hours, calendar.before, calendar.after, day)


def _within(interval: Interval, at_ms: int) -> bool:
    return interval[0] <= at_ms < interval[1]


def _of_freeze(freeze: Freeze) -> Interval:
    return round(freeze.start.timestamp() * 1000), round(freeze.end.timestamp() * 1000)


@lru_cache(maxsize=DAYS_CACHED)
def _of_window(window: CalendarWindow, closes: bool, day: int) -> tuple[Interval, ...]:  # noqa: FBT001 - part of a key
    lasts = timedelta(seconds=window.lasts)
    zone = ZoneInfo(window.zone)
    starts = cron_starts(cron(window.cron), *_around(day, zone, lasts))
    return _intervals(starts, lasts, zone, closes)


@lru_cache(maxsize=DAYS_CACHED)
def _of_event(event: CalendarEvent, closes: bool, day: int) -> tuple[Interval, ...]:  # noqa: FBT001 - part of a key
    lasts = timedelta(seconds=event.lasts)
    zone = ZoneInfo(event.zone)
    starts = rule_starts(event.rule, event.starts, event.left_out, *_around(day, zone, lasts))
    return _intervals(starts, lasts, zone, closes)


def _around(day: int, zone: ZoneInfo, lasts: timedelta) -> tuple[datetime, datetime]:
    """Between which wall clock times something begins that touches the day, with an hour for clocks that change."""
    margin = timedelta(hours=2)
    return wall_clock(day * DAY_MS, zone) - lasts - margin, wall_clock((day + 1) * DAY_MS, zone) + margin


def _intervals(starts: Iterable[datetime], lasts: timedelta, zone: ZoneInfo, closes: bool) -> tuple[Interval, ...]:  # noqa: FBT001 - said by every caller
    found = ((instant_ms(start, zone), instant_ms(start + lasts, zone, later=closes)) for start in starts)
    # A window that lies in the hour that is skipped does not happen.
    return tuple(one for one in found if one[1] > one[0])


@lru_cache(maxsize=DAYS_CACHED)
def _of_bank(hours: Hours, before: float, after: float, day: int) -> tuple[Interval, ...]:
    """Around each cut-off of the banking days that touch the day."""
    zone = ZoneInfo(BANK_ZONE)
    first = wall_clock(day * DAY_MS, zone).date()
    found = []
    for banking_day in (first + timedelta(days=count) for count in (-1, 0, 1, 2)):
        if is_banking_day(banking_day):
            found += [
                (ours - round(before * 1000), last + round(after * 1000))
                for ours, last in _cut_offs(hours, banking_day, zone)
            ]
    return tuple(found)


def _cut_offs(hours: Hours, day: date, zone: ZoneInfo) -> Iterator[Interval]:
    """From when our bank closes until the operator does; for the standard window our bank's hour is the last."""
    for window in hours.same_day_windows:
        deadline_ms = instant_ms(datetime.combine(day, time.fromisoformat(window.deadline)), zone)
        yield deadline_ms - hours.buffer_minutes * 60_000, deadline_ms
    standard_ms = instant_ms(datetime.combine(day, time.fromisoformat(hours.standard_cutoff)), zone)
    yield standard_ms, standard_ms
