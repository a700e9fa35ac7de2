"""Tokens and ids: random, never derived from what they stand for (PCI SSC Tokenization Product Security Guidelines)."""

import re
import secrets
from typing import Literal

TOKEN_BYTES = 16
"""128 random bits: nobody guesses one, and two never meet."""

TOKEN_PATTERN = re.compile(r"(?:tok|bank)_[a-p]{32}")
"""``tok_`` stands for a card, ``bank_`` for an account; then 32 letters, four bits each.

Without digits no token looks like a card number to a filter.
"""

_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")

Prefix = Literal["tok", "bank"]


def new_token(prefix: Prefix) -> str:
    """A new token, as TOKEN_PATTERN says."""
    return f"{prefix}_{letters(secrets.token_bytes(TOKEN_BYTES))}"


_DATA_KEY_ID = re.compile(r"dek_[0-9a-f]{27}")


def is_data_key_id(text: str) -> bool:
    """Whether the text has the form of a data key's id, whose digits may by chance read as a card number."""
    return _DATA_KEY_ID.fullmatch(text) is not None


def new_data_key_id(now_ms: int) -> str:
    """A unique id in time order: ``dek_``, 11 hexadecimal digits of Unix milliseconds, 64 random bits."""
    return f"dek_{now_ms:011x}{secrets.token_hex(8)}"


def letters(raw: bytes) -> str:
    """Two letters of a to p for each byte."""
    return raw.hex().translate(_LETTERS)
