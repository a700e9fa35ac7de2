"""How fast a key must have travelled from the place where it was seen last."""

from math import asin, cos, radians, sin, sqrt

from checks.windows.panes import Key
from checks.windows.room import make_room

EARTH_RADIUS_KM = 6371.0
MICRODEGREES = 1_000_000
HOURS_MIN = 1 / 60
"""Two places within a minute count as a minute apart, so that a speed stays finite."""


class Places:
    """Where each key was seen last; forgotten after the window, and beyond max_keys the longest silent: ``evicted``."""

    __slots__ = ("_last", "evicted", "max_keys", "min_km", "window_ms")

    def __init__(self, window_ms: int, min_km: int, max_keys: int) -> None:
        self.window_ms = window_ms
        self.min_km = min_km
        self.max_keys = max_keys
        self.evicted = 0
        self._last: dict[Key, tuple[int, int, int]] = {}

    def take(self, key: Key, at_ms: int, latitude: int, longitude: int) -> float | None:
        """Kilometres an hour since the last place, 0 for a short way; None without a place now or before.

        latitude, longitude: 1/1,000,000 of a degree; 0 and 0 together are no place.
        """
        if latitude == 0 and longitude == 0:
            return None
        held = self._last
        before = held.pop(key, None)
        if before is None:
            self.evicted += make_room(held, self.max_keys)
        here = (at_ms, latitude, longitude)
        held[key] = here if before is None or before[0] <= at_ms else before
        if before is None or abs(at_ms - before[0]) > self.window_ms:
            return None
        if before[1] == latitude and before[2] == longitude:
            return 0.0
        way = kilometres(before[1], before[2], latitude, longitude)
        if way < self.min_km:
            return 0.0
        return way / max(abs(at_ms - before[0]) / 3_600_000, HOURS_MIN)


def kilometres(latitude: int, longitude: int, other_latitude: int, other_longitude: int) -> float:
    """The great-circle distance of two places in 1/1,000,000 of a degree (haversine)."""
    first, second = radians(latitude / MICRODEGREES), radians(other_latitude / MICRODEGREES)
    across = sin((second - first) / 2) ** 2
    along = sin(radians((other_longitude - longitude) / MICRODEGREES) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(across + cos(first) * cos(second) * along)))
