"""A time of more load that is known beforehand, such as Black Friday, and the capacity that waits for it."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from config.calendars.zones import Zone
from config.model import Hold, Model, refusal


def _wall_clock(value: object) -> object:
    """Turn ``2026-11-27T00:00`` into a time without a zone; anything else than text is left for the type to refuse."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise refusal(f"{value!r:.80} is not a time", "write a day and a time, such as 2026-11-27T00:00") from None
    if isinstance(value, datetime) and value.tzinfo is not None:
        bare = value.replace(tzinfo=None).isoformat(timespec="minutes")
        raise refusal("the time has an offset, and the plan a zone of its own", f"write it without, such as {bare}")
    return value


WallTime = Annotated[
    datetime,
    Field(description="A wall clock time of the zone, without an offset", examples=["2026-11-27T00:00"]),
    BeforeValidator(_wall_clock, json_schema_input_type=datetime),
]


class PeakPlan(Model):
    """starts, ends: what the zone's clock shows; then it is over by itself. min: units that serve all the while.

    pre_warm: so long before the start they are ordered. max, hourly_cap_cents: in place of the usual ones, from the
    ordering on; None: as usual.
    """

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$", examples=["black-friday-2026"])
    starts: WallTime
    ends: WallTime
    zone: Zone
    pre_warm: Hold = 900.0
    min: int = Field(ge=0, le=1_000_000)
    max: int | None = Field(default=None, ge=0, le=1_000_000)
    hourly_cap_cents: int | None = Field(default=None, ge=1, le=100_000_000)

    @model_validator(mode="after")
    def _ordered(self) -> "PeakPlan":
        if self.ends <= self.starts:
            what = f"the peak ends at {self.ends.isoformat()}, not later than its start {self.starts.isoformat()}"
            raise refusal(what, "write an end that is later than the start", ("ends",))
        return self
