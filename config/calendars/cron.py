"""Five fields of cron as sets of numbers: minute, hour, day of the month, month, day of the week."""

import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"(\*|[a-z]{3}|[0-9]{1,2})(?:-([a-z]{3}|[0-9]{1,2}))?(?:/([0-9]{1,2}))?")
FIELDS = 5
EXAMPLE = "write five fields, such as 0 2 * * sun: minute hour day month weekday"


class CronUnusable(ValueError):
    """An expression of cron cannot be read. fix: what to write instead."""

    def __init__(self, what: str, fix: str = EXAMPLE) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


@dataclass(frozen=True, slots=True)
class _Field:
    """first, last: the values it may have. names: what may stand for numbers, from ``first`` on."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """The value that the text stands for."""
        if text in self.names:
            return self.first + self.names.index(text)
        if self.names is _DAYS:
            # Sunday is 0 in cron, 7 in some, and Monday is 0 elsewhere: a name can be read in one way only.
            raise CronUnusable(f"{text!r} is no day of the week", f"write one of {', '.join(_DAYS)}")
        if not text.isdigit() or not self.first <= int(text) <= self.last:
            raise CronUnusable(f"{text!r} is no {self.name}", f"write a number from {self.first} to {self.last}")
        return int(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The moments of a wall clock. weekdays: 0 is Monday. days, weekdays: None when any will do."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...] | None
    months: tuple[int, ...]
    weekdays: tuple[int, ...] | None


def cron(text: str) -> Cron:
    """The expression read. Raises CronUnusable, also when both kinds of days are restricted: cron would join them."""
    parts = text.lower().split()
    if len(parts) != FIELDS:
        raise CronUnusable(f"{text!r:.80} has {len(parts)} fields, cron has {FIELDS}")
    minutes, hours, days, months, weekdays = (_values(field, part) for field, part in zip(_FIELDS, parts, strict=True))
    any_day, any_weekday = parts[2] == "*", parts[4] == "*"
    if not any_day and not any_weekday:
        what = f"{text!r:.80} names days of the month and of the week, which cron reads as either"
        raise CronUnusable(what, "write two windows, one for each")
    return Cron(minutes, hours, None if any_day else days, months, None if any_weekday else weekdays)


def _values(field: _Field, text: str) -> tuple[int, ...]:
    values: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise CronUnusable(f"{part!r:.40} is no {field.name}")
        low, high, step = match.groups()
        first = field.first if low == "*" else field.number(low)
        last = field.number(high) if high else field.last if low == "*" or step else first
        if last < first or (step is not None and int(step) == 0):
            raise CronUnusable(
                f"{part!r:.40} leaves out every {field.name}", "write the smaller one first, and a step above 0"
            )
        values.update(range(first, last + 1, 1 if step is None else int(step)))
    return tuple(sorted(values))
