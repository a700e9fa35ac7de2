"""Identifiers in time order: rows that are written together lie together in the database."""

import secrets
from typing import Literal

Prefix = Literal["pay", "ref", "jrn"]


def new_id(prefix: Prefix, now_ms: int) -> str:
    """A unique id: prefix, 11 hexadecimal digits of Unix milliseconds (until the year 2527), 64 random bits."""
    return f"{prefix}_{now_ms:011x}{secrets.token_hex(8)}"
