"""When a wall clock shows a time, on the days on which it skips an hour or shows one twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MILLISECONDS = 1000


def instant_ms(wall: datetime, zone: ZoneInfo, *, later: bool = False) -> int:
    """Unix epoch milliseconds at which the zone's clock shows this time, which has no zone of its own.

    Of a time that it shows twice the first, or the second if ``later``. For one that it skips, the moment of the skip.
    """
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if _offset(second) > _offset(first):
        return _skip_ms(wall, zone)
    return _ms(second if later else first)


def wall_clock(at_ms: int, zone: ZoneInfo) -> datetime:
    """What the zone's clock shows, to the second, without a zone."""
    return datetime.fromtimestamp(at_ms // MILLISECONDS, UTC).astimezone(zone).replace(tzinfo=None, fold=0)


def _skip_ms(wall: datetime, zone: ZoneInfo) -> int:
    """Before it the clock runs on the offset of fold 0, from it on that of fold 1."""
    low = _ms(wall.replace(tzinfo=zone, fold=1)) // MILLISECONDS
    high = _ms(wall.replace(tzinfo=zone, fold=0)) // MILLISECONDS
    before = _offset(datetime.fromtimestamp(low, UTC).astimezone(zone))
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC).astimezone(zone)) == before:
            low = middle
        else:
            high = middle
    return high * MILLISECONDS


def _offset(at: datetime) -> timedelta:
    offset = at.utcoffset()
    return timedelta() if offset is None else offset


def _ms(at: datetime) -> int:
    return int(at.timestamp()) * MILLISECONDS
