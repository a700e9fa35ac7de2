"""IANA time zones by their names."""

from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from config.model import refusal


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone; None when there is none of this name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _known(name: str) -> str:
    # "EST" is a zone without summer time, and not what anybody in New York means by it.
    if "/" not in name and name != "UTC":
        raise refusal(f"{name!r:.60} is not the name of a place", "write UTC, or a place such as America/New_York")
    if zone_named(name) is None:
        raise refusal(f"{name!r:.60} is no time zone that is known", "write an IANA name, such as America/New_York")
    return name


Zone = Annotated[
    str,
    Field(max_length=64, description="An IANA time zone", examples=["America/New_York"]),
    AfterValidator(_known),
]
