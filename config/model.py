"""The base of every configuration model, the way a value is refused, and the scalar types that operators write."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

REFUSED = "refused"
"""The pydantic error type of every refusal of ours; its context is ``what``, ``fix``, ``at`` and ``hide``."""

_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)
DURATION_PATTERN = r"^\d{1,12}(\.\d{1,6})?(ms|s|m|h|d)$"
_SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_HELP = "A number and a unit: 250ms, 60s, 5m, 1h, 30d"
_DURATION_SECONDS_MAX = 10 * 366 * 86400.0  # Ten years: a longer time in a configuration is a slip of the pen.
_Text = Annotated[str, Field(pattern=DURATION_PATTERN)]


class Model(BaseModel):
    """Frozen and strict: an unknown key, a missing key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def refusal(what: str, fix: str, at: tuple[str | int, ...] = (), *, hide: bool = False) -> PydanticCustomError:
    """Make the error that a validator raises: what is wrong, how to mend it.

    at: path below the validated value, when a part of it is to blame. hide: the value may hold a secret.
    """
    return PydanticCustomError(REFUSED, "{what}", {"what": what, "fix": fix, "at": at, "hide": hide})


def seconds_from(value: object, info: ValidationInfo) -> object:
    """Turn ``60s``, ``1.5m`` or ``250ms`` into seconds; in a file a number without a unit is refused."""
    written = info.context is not None
    if isinstance(value, int | float) and not isinstance(value, bool) and written:
        raise refusal(f"{value!r} is a duration without a unit", f"write the unit too, such as {value}s")
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None:
        raise refusal(
            f"{value!r:.80} is not a duration", "write a number and a unit, such as 250ms, 60s, 5m, 1h or 30d"
        )
    return float(match.group(1)) * _SECONDS_PER_UNIT[match.group(2)]


def is_duration(field: FieldInfo | None) -> bool:
    """Whether the field is written with a unit."""
    metadata = [] if field is None else field.metadata
    return any(isinstance(item, BeforeValidator) and item.func is seconds_from for item in metadata)


def instant_from(value: object) -> object:
    """Turn ISO 8601 with a UTC offset into a datetime; anything else than text is left for the type to refuse."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            example = "write ISO 8601 with a UTC offset, such as 2026-12-24T00:00:00-05:00"
            raise refusal(f"{value!r:.80} is not a point in time", example) from None
    if isinstance(value, datetime) and value.tzinfo is None:
        moment = value.isoformat()
        raise refusal(
            f"{moment} has no UTC offset, so it is another time in every zone", f"write {moment}-05:00 or {moment}Z"
        )
    return value


_SECONDS = BeforeValidator(seconds_from, json_schema_input_type=_Text)

Duration = Annotated[
    float,
    Field(gt=0, le=_DURATION_SECONDS_MAX, allow_inf_nan=False, description=_DURATION_HELP, examples=["60s"]),
    _SECONDS,
]
"""Seconds, more than none, written with a unit."""

Pause = Annotated[
    float,
    Field(ge=0, le=60, allow_inf_nan=False, description=_DURATION_HELP, examples=["3s"]),
    _SECONDS,
]
"""Seconds, 0 to 60, written with a unit."""

HOLD_SECONDS_MAX = 30 * 86400.0
"""Whatever has to hold for longer is no rule that wakes somebody."""

Hold = Annotated[
    float,
    Field(ge=0, le=HOLD_SECONDS_MAX, allow_inf_nan=False, description=_DURATION_HELP, examples=["30s"]),
    _SECONDS,
]
"""Seconds, 0 to 30 days, written with a unit; 0 means at once."""

Instant = Annotated[
    datetime,
    Field(description="A point in time with its UTC offset", examples=["2026-12-24T00:00:00-05:00"]),
    BeforeValidator(instant_from, json_schema_input_type=datetime),
]
"""A point in time, written as ISO 8601 with an offset."""
