"""When the scheduled reports are written, in which zone, and where to."""

import re
from dataclasses import dataclass

from pydantic import Field, field_validator

from config.calendars.zones import Zone
from config.costs import Location
from config.model import Model, refusal

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_DAY_MAX = 28
"""Every month has it."""
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of day in the reports' zone. weekday: 0 is Monday; day: of the month. Both None: every day."""

    hour: int
    minute: int
    weekday: int | None = None
    day: int | None = None


def moment_from(text: str) -> Moment:
    """The moment in ``07:00``, ``monday 08:00`` or ``1 09:00``."""
    first, _, rest = text.rpartition(" ")
    match = _TIME.fullmatch(rest)
    if match is None:
        raise refusal(f"{text!r:.40} has no time of day", "write hours and minutes, such as 07:00 or monday 08:00")
    hour, minute = int(match.group(1)), int(match.group(2))
    if not first:
        return Moment(hour, minute)
    if first in WEEKDAYS:
        return Moment(hour, minute, weekday=WEEKDAYS.index(first))
    if first.isascii() and first.isdigit() and 1 <= int(first) <= MONTH_DAY_MAX:
        return Moment(hour, minute, day=int(first))
    fix = f"write the name of a weekday, such as monday, or a day of the month from 1 to {MONTH_DAY_MAX}"
    raise refusal(f"{first!r:.40} is no day", fix)


class ReportSettings(Model):
    """The three reports. zone: an IANA name, in which the times are meant, over both changes of its clocks.

    place: a folder, or ``s3://bucket/prefix``; empty for ``reports`` in the data directory.
    daily_savings: a time of day. weekly_performance: a weekday and a time. monthly_security: a day and a time.
    """

    zone: Zone = "America/New_York"
    place: Location = Field(default="", examples=["s3://reports/tillwatch"])
    daily_savings: str = Field(default="07:00", max_length=20, examples=["07:00"])
    weekly_performance: str = Field(default="monday 08:00", max_length=20, examples=["monday 08:00"])
    monthly_security: str = Field(default="1 09:00", max_length=20, examples=["1 09:00"])

    @field_validator("daily_savings")
    @classmethod
    def _every_day(cls, text: str) -> str:
        moment = moment_from(text)
        if moment.weekday is not None or moment.day is not None:
            raise refusal("the savings report is a daily one", "write the time alone, such as 07:00")
        return text

    @field_validator("weekly_performance")
    @classmethod
    def _every_week(cls, text: str) -> str:
        if moment_from(text).weekday is None:
            raise refusal("the performance review is a weekly one", "write its weekday too, such as monday 08:00")
        return text

    @field_validator("monthly_security")
    @classmethod
    def _every_month(cls, text: str) -> str:
        if moment_from(text).day is None:
            raise refusal("the security scan is a monthly one", "write its day of the month too, such as 1 09:00")
        return text
