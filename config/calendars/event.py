"""One event of an iCal file: when its wall clock begins, for how long, and how it recurs."""

from datetime import datetime

from config.model import Model

EVENT_SECONDS_MAX = 93 * 86_400
"""A quarter: a longer freeze is a policy of its own."""


class CalendarEvent(Model):
    """starts, left_out: wall clock times of the zone. lasts: seconds on that clock. rule: as in RRULE, or empty.

    An ``UNTIL`` in the rule is a wall clock time, too.
    """

    starts: datetime
    zone: str
    lasts: float
    rule: str = ""
    left_out: tuple[datetime, ...] = ()
    summary: str = ""
