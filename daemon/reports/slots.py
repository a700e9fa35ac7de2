"""When a report is due: one moment of each local day, also on the days when clocks are changed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.reports import Moment


def slots_between(moment: Moment, zone: ZoneInfo, after_ms: int, until_ms: int) -> list[int]:
    """The slots above after and up to until, Unix milliseconds, oldest first.

    A time that the clocks skip is an hour later that day; one that comes twice is the first of the two.
    """
    first = datetime.fromtimestamp(after_ms / 1000, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(until_ms / 1000, zone).date()
    found = (_slot(moment, zone, day) for day in _days(first, last) if _is_meant(moment, day))
    return [slot for slot in found if after_ms < slot <= until_ms]


def _slot(moment: Moment, zone: ZoneInfo, day: date) -> int:
    # fold 0 is the first of two equal times, and reads a skipped one with the offset before the change.
    local = datetime(day.year, day.month, day.day, moment.hour, moment.minute, tzinfo=zone)
    return round(local.astimezone(UTC).timestamp() * 1000)


def _is_meant(moment: Moment, day: date) -> bool:
    return moment.weekday in {None, day.weekday()} and moment.day in {None, day.day}


def _days(first: date, last: date) -> Iterator[date]:
    for count in range((last - first).days + 1):
        yield first + timedelta(days=count)
