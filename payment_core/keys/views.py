"""API keys as the API shows them."""

from typing import Literal

import msgspec

from payment_core.keys.model import ApiKey, KeyStatus


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """An API key. shown: the beginning of its secret. secret: there once, in the first answer to its creation."""

    id: str
    object: Literal["api_key"] = "api_key"
    name: str
    shown: str
    secret: str = ""
    scopes: tuple[str, ...]
    requests_per_second: int
    burst: int
    status: KeyStatus
    expires_at_ms: int
    revoked_at_ms: int
    version: int
    created_at_ms: int
    updated_at_ms: int


def view_key(key: ApiKey, secret: str = "") -> KeyView:
    """What a caller sees of the key."""
    return KeyView(
        id=key.id,
        name=key.name,
        shown=key.shown,
        secret=secret,
        scopes=key.scopes,
        requests_per_second=key.requests_per_second,
        burst=key.burst,
        status=key.status,
        expires_at_ms=key.expires_at_ms,
        revoked_at_ms=key.revoked_at_ms,
        version=key.version,
        created_at_ms=key.created_at_ms,
        updated_at_ms=key.updated_at_ms,
    )
