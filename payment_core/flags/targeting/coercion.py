"""What a value of one JSON type is as another: JsonLogic's loose conversions, as flagd's evaluator makes them."""

from datetime import UTC, date, datetime
from email.utils import formatdate
from math import isnan, nan
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONLY_PYTHON_READS = ("inf", "-inf", "+inf")
"""float() takes these, JavaScript's Number() does not; flagd-core leaves "infinity" to float()."""

# Values of a context and of a document: anything that JSON knows, and datetimes.
Value = Any


def number(value: Value) -> int | float:
    """JavaScript's Number(): null and an empty list are 0, a list of one is its element, what is no number is NaN.

    Raises TypeError for what is no JSON value, also for a date without a time, and for a datetime without a zone.
    """
    match value:
        case int() | float():
            found: int | float = value
        case None:
            found = 0
        case str():
            found = _number_of_text(value)
        case list():
            found = _number_of_list(value)
        case dict():
            found = nan
        case datetime():
            found = (value - _EPOCH).total_seconds() * 1000.0
        case _:
            raise TypeError(f"{type(value).__name__} is no number")
    return found


def text(value: Value) -> str:
    """JavaScript's String(), but with Python's words for a boolean (``True``), as flagd-core writes it.

    A number with a point has at most 15 digits. A datetime is an HTTP date.
    """
    match value:
        case str():
            found: str = value
        case float():
            found = f"{value:.15g}"
        case None:
            found = "null"
        case list():
            found = ",".join(map(text, value))
        case dict():
            found = "[object Object]"
        case date():
            found = formatdate(_midnight(value).timestamp(), usegmt=True)
        case _:
            found = str(value)
    return found


def truthy(value: Value) -> bool:
    """JavaScript's truth, except that an empty list is false: JsonLogic's own rule."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return False
    if isinstance(value, int | float | str | list):
        return bool(value)
    return True


def _number_of_text(value: str) -> int | float:
    if value.strip().lower() in _ONLY_PYTHON_READS:
        return nan
    try:
        return float(value)
    except ValueError:
        return nan


def _number_of_list(value: list[Value]) -> int | float:
    if not value:
        return 0
    return number(value[0]) if len(value) == 1 else nan


def _midnight(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
