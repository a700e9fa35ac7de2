"""When the scheduled reports are written, in which zone, and where to."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from config.costs import place_from
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

    zone: str = Field(default="America/New_York", max_length=64, examples=["America/New_York"])
    place: str = Field(default="", max_length=1_024, examples=["s3://reports/tillwatch"])
    daily_savings: str = Field(default="07:00", max_length=20, examples=["07:00"])
    weekly_performance: str = Field(default="monday 08:00", max_length=20, examples=["monday 08:00"])
    monthly_security: str = Field(default="1 09:00", max_length=20, examples=["1 09:00"])

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        fix = "write an IANA name, such as America/New_York or UTC"
        if "/" not in zone and zone != "UTC":
            # "EST" is known to the database, but is an offset that never follows the clocks of any place.
            raise refusal(f"{zone!r:.64} names no place whose clocks could be followed", fix)
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise refusal(f"{zone!r:.64} is no time zone", fix) from None
        return zone

    @field_validator("place")
    @classmethod
    def _place_that_can_be_written(cls, place: str) -> str:
        return place_from(place)

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
