"""The bodies that requests about API keys carry."""

from typing import Annotated

import msgspec

from payment_core.keys.scopes import Scope

KeyName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="Unique for ever")]
Rate = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
TimeMs = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999, description="Unix milliseconds; 0: never")]


class CreateKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Make an API key. requests_per_second, burst: its limit in each process. expires_at_ms: 0 when it never does."""

    name: KeyName
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1, max_length=64)]
    requests_per_second: Rate = 100
    burst: Rate = 200
    expires_at_ms: TimeMs = 0
