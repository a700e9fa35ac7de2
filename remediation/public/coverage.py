"""For how much of each day a daemon watched: a day of which nobody knows anything was not a good day."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

DAY_MS = 86_400_000
DAYS_MAX = 100
"""The page shows 90."""


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """days: milliseconds watched by UTC day, counted from 1970. since_ms: when the daemon of now began, 0 for none."""

    days: dict[int, int] = {}
    since_ms: int = 0

    def until(self, now_ms: int) -> dict[int, int]:
        """The same with what has been watched up to now."""
        return self.days if not self.since_ms else _added(self.days, self.since_ms, now_ms)


def begun(coverage: Coverage, at_ms: int, last_ms: int) -> Coverage:
    """A daemon started. last_ms: of the journal's entry before; one that crashed is known to have lived until then."""
    ended_ms = max(coverage.since_ms, min(last_ms, at_ms))
    days = coverage.days if not coverage.since_ms else _added(coverage.days, coverage.since_ms, ended_ms)
    return Coverage(days=days, since_ms=at_ms)


def ended(coverage: Coverage, at_ms: int) -> Coverage:
    """A daemon stopped in order."""
    if not coverage.since_ms:
        return coverage
    return replace(coverage, days=_added(coverage.days, coverage.since_ms, at_ms), since_ms=0)


def _added(days: dict[int, int], from_ms: int, until_ms: int) -> dict[int, int]:
    added = dict(days)
    for day, watched_ms in _split(from_ms, until_ms):
        added[day] = min(DAY_MS, added.get(day, 0) + watched_ms)
    return dict(sorted(added.items())[-DAYS_MAX:])


def _split(from_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
    """The days that the stretch touches; of a longer one than is kept, the newest."""
    from_ms = max(from_ms, until_ms - DAYS_MAX * DAY_MS)
    while from_ms < until_ms:
        day = from_ms // DAY_MS
        next_ms = min(until_ms, (day + 1) * DAY_MS)
        yield day, next_ms - from_ms
        from_ms = next_ms
