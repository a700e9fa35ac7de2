"""The bodies that requests about fraud lists carry."""

from typing import Annotated

import msgspec

from checks.scoring.lists import ListKind, ListName
from checks.scoring.model import SCORE_MAX

Value = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=254,
        pattern=r"^[\x21-\x7e]+$",
        description="A fingerprint, an address or its keyed hash, an IP address or network, a rail, or an id",
    ),
]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
ExpiryMs = Annotated[int, msgspec.Meta(ge=1, le=253_402_300_799_999, description="Unix milliseconds, excluded")]


class AddListEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Put a value on a list until a time, and say why. points: how much stricter, for that list alone."""

    list: ListName
    kind: ListKind
    value: Value
    reason: Why
    expires_at_ms: ExpiryMs
    points: Annotated[int, msgspec.Meta(ge=0, le=SCORE_MAX)] = 0
