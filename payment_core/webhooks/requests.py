"""The bodies that requests about webhooks carry."""

from typing import Annotated, Literal

import msgspec

Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2048, description="https, on the public internet")]
Kind = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+(\.[a-z_]+)?$", description="Such as payment.captured")]
Kinds = Annotated[tuple[Kind, ...], msgspec.Meta(max_length=64, description="Empty for every kind")]
Prose = Annotated[str, msgspec.Meta(max_length=200)]


class CreateEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Send events to this URL from now on. kinds: of the events; all when left out."""

    url: Url
    kinds: Kinds = ()
    description: Prose = ""


class UpdateEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Change what is given. status: ``enabled`` goes on with the event where it stopped."""

    url: Url | None = None
    kinds: Kinds | None = None
    description: Prose | None = None
    status: Literal["enabled", "disabled"] | None = None


class RotateSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Make a new secret. overlap_seconds: how long the old one signs beside it."""

    overlap_seconds: Annotated[int, msgspec.Meta(ge=0, le=7 * 24 * 3600)] = 24 * 3600
