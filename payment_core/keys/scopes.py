"""What a key may do: scopes such as ``payments:read``, and ``*`` for everything."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

EVERYTHING = "*"

Scope = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\*|[a-z][a-z_]{0,31}:[a-z][a-z_]{0,31})$",
        description="Such as payments:read, payments:write, payouts:approve; * for everything",
    ),
]


def allows(held: frozenset[str], needed: str) -> bool:
    """Whether a key with these scopes may do what needs this one; reading is not part of writing."""
    return needed in held or EVERYTHING in held


def not_held(held: frozenset[str], wanted: Iterable[str]) -> list[str]:
    """What a key with these scopes cannot pass on."""
    return [scope for scope in wanted if not allows(held, scope)]
