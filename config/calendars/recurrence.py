"""Which wall clock times a recurring window or event begins at: cron and RFC 5545, both by dateutil."""

from collections.abc import Collection
from datetime import datetime, timedelta

from dateutil import rrule

from config.calendars.cron import Cron

DAY = timedelta(days=1)
COUNT_MAX = 1000
"""A rule that counts is walked from its first time on each day; so many take about 3 ms."""
INTERVAL_MAX = 1000
"""Longer than any step of a calendar; days in the billions are more than a date can be moved by."""
_FREQUENCIES = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1), "MONTHLY": None, "YEARLY": None}
_PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYHOUR", "BYMINUTE", "WKST"}
)


class RuleUnusable(ValueError):
    """A recurrence rule cannot be read, or asks for what is not kept here."""


def cron_starts(cron: Cron, after: datetime, before: datetime) -> list[datetime]:
    """Every moment of the expression from ``after`` to ``before``, both included; wall clock times without a zone."""
    rule = rrule.rrule(
        rrule.DAILY,
        dtstart=datetime.combine(after.date(), datetime.min.time()),
        byhour=cron.hours,
        byminute=cron.minutes,
        bysecond=0,
        bymonth=cron.months,
        bymonthday=cron.days,
        byweekday=cron.weekdays,
    )
    return list(rule.between(after, before, inc=True))


def rule_parts(text: str) -> dict[str, str]:
    """The parts of an RRULE's value by name. Raises RuleUnusable for one that is not known or written twice."""
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise RuleUnusable(f"{part!r:.60} is no part of a recurrence rule")
        if name not in _PARTS:
            raise RuleUnusable(f"{name} is not supported in a recurrence rule; {', '.join(sorted(_PARTS))} are")
        parts[name] = value
    if parts.get("FREQ") not in _FREQUENCIES:
        raise RuleUnusable(f"FREQ must be one of {', '.join(_FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleUnusable("COUNT and UNTIL exclude each other")
    if "COUNT" in parts and not _is_within(parts["COUNT"], COUNT_MAX):
        raise RuleUnusable(f"COUNT must be from 1 to {COUNT_MAX}")
    if "INTERVAL" in parts and not _is_within(parts["INTERVAL"], INTERVAL_MAX):
        raise RuleUnusable(f"INTERVAL must be a whole number from 1 to {INTERVAL_MAX}")
    return parts


def _is_within(text: str, most: int) -> bool:
    # So many digits first: Python refuses to read a number of thousands of them.
    return text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most


def check_rule(text: str, start: datetime) -> None:
    """Raises RuleUnusable when the rule cannot be read, or does not begin where its event begins.

    text: with UNTIL as a wall clock time of the event's zone.
    """
    rule_parts(text)
    try:
        first = next(iter(_rule(text, start)), None)
    except (ValueError, KeyError, TypeError, OverflowError) as fault:
        raise RuleUnusable(f"the recurrence rule cannot be read: {fault}") from fault
    if first is None:
        raise RuleUnusable("the recurrence rule names no time")
    if first != start:
        raise RuleUnusable(f"the rule begins at {first.isoformat()}, the event at {start.isoformat()}")


def rule_starts(
    text: str, start: datetime, left_out: Collection[datetime], after: datetime, before: datetime
) -> list[datetime]:
    """When an event begins, from ``after`` to ``before``; without a rule once. left_out: times that are taken out."""
    if not text:
        found = [start] if after <= start <= before else []
    else:
        found = list(_rule(text, _nearer(rule_parts(text), start, after)).between(after, before, inc=True))
    return [one for one in found if one not in left_out]


def _rule(text: str, start: datetime) -> rrule.rrule:
    rule = rrule.rrulestr(text, dtstart=start)
    if not isinstance(rule, rrule.rrule):
        raise RuleUnusable("this is more than one recurrence rule")
    return rule


def _nearer(parts: dict[str, str], start: datetime, after: datetime) -> datetime:
    """A later start of the same rule, so that years of days are not walked each time."""
    step = _FREQUENCIES[parts["FREQ"]]
    if step is None or "COUNT" in parts or after <= start:
        return start
    stride = step * int(parts.get("INTERVAL", "1"))
    return start + stride * max(0, (after - start) // stride - 1)
