"""Load, capacity and throttled time in columns of equal width, however long the record is."""

from collections.abc import Iterator

import msgspec

COLUMNS_MAX = 1440
"""More than a picture has room for; when they are full, each two become one."""
FIRST_WIDTH_MS = 1_000


class Column(msgspec.Struct):
    """A stretch of time. load: the most of it, capacity: the least, both in requests a second."""

    load: float
    capacity: float
    throttled_ms: int


class Trace:
    """Columns from a first moment on."""

    def __init__(self, first_ms: int) -> None:
        self.first_ms = first_ms
        self.width_ms = FIRST_WIDTH_MS
        self._columns: list[Column | None] = []

    def take(self, from_ms: int, until_ms: int, load: float, capacity: float) -> None:
        """A stretch in which nothing changed; it counts in every column that it touches."""
        while (until_ms - 1 - self.first_ms) // self.width_ms >= COLUMNS_MAX:
            self._halve()
        throttled = load > capacity
        for place in range(self._place(from_ms), self._place(until_ms - 1) + 1):
            start_ms = self.first_ms + place * self.width_ms
            within_ms = min(until_ms, start_ms + self.width_ms) - max(from_ms, start_ms)
            self._count(place, Column(load, capacity, within_ms if throttled else 0))

    def columns(self) -> Iterator[tuple[int, Column]]:
        """Each with the moment at which it begins; a stretch of which nothing is known has none."""
        for place, column in enumerate(self._columns):
            if column is not None:
                yield self.first_ms + place * self.width_ms, column

    def _place(self, at_ms: int) -> int:
        return (at_ms - self.first_ms) // self.width_ms

    def _count(self, place: int, one: Column) -> None:
        self._columns.extend([None] * (place + 1 - len(self._columns)))
        self._columns[place] = _joined(self._columns[place], one)

    def _halve(self) -> None:
        columns = self._columns if len(self._columns) % 2 == 0 else [*self._columns, None]
        self._columns = [_joined(*pair) for pair in zip(columns[::2], columns[1::2], strict=True)]
        self.width_ms *= 2


def _joined(one: Column | None, other: Column | None) -> Column | None:
    if one is None or other is None:
        return other if one is None else one
    return Column(max(one.load, other.load), min(one.capacity, other.capacity), one.throttled_ms + other.throttled_ms)
