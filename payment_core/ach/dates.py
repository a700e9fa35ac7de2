"""Dates and times as records write them: YYMMDD, HHMM and the day of the year."""

from datetime import date, time

CENTURY = 2000
"""NACHA dates have two digits for the year."""

DAY_OF_YEAR_MAX = 366


def parse_date(text: str) -> date | None:
    """The date of YYMMDD, or None when there is no such day."""
    if len(text) != 6 or not text.isdecimal():  # noqa: PLR2004  # YYMMDD
        return None
    try:
        return date(CENTURY + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def format_date(day: date) -> str:
    """YYMMDD."""
    return f"{day:%y%m%d}"


def format_time(moment: time) -> str:
    """HHMM."""
    return f"{moment:%H%M}"


def is_time(text: str) -> bool:
    """Whether the text is HHMM of a 24-hour clock."""
    return len(text) == 4 and text.isdecimal() and int(text[:2]) < 24 and int(text[2:]) < 60  # noqa: PLR2004  # HHMM


def is_day_of_year(text: str) -> bool:
    """Whether the text is 001 to 366."""
    return len(text) == 3 and text.isdecimal() and 1 <= int(text) <= DAY_OF_YEAR_MAX  # noqa: PLR2004  # three digits
