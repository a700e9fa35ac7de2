"""Identifiers in time order: rows that are written together lie together in the database."""

import secrets
from typing import Literal

Prefix = Literal[
    "pay",
    "cap",
    "ref",
    "dis",
    "esc",
    "pro",
    "ba",
    "po",
    "ent",
    "ach",
    "ret",
    "acc",
    "whe",
    "whd",
    "rev",
    "key",
    "fle",
    "mig",
]
"""Payment, capture, refund, dispute, escrow, provider, bank account, payout, ACH entry, ACH file, ACH return, access to
the vault, webhook endpoint, webhook delivery, compliance case, API key, entry of a fraud list, act of a
migration."""


def new_id(prefix: Prefix, now_ms: int) -> str:
    """A unique id: prefix, 11 hexadecimal digits of Unix milliseconds (until the year 2527), 64 random bits."""
    return f"{prefix}_{now_ms:011x}{secrets.token_hex(8)}"
