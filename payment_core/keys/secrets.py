"""What a caller holds: a random secret, of which only the hash is kept."""

import hashlib
import re
import secrets
import string
from typing import Literal

KeyMode = Literal["live", "test"]

_ALPHABET = string.digits + string.ascii_letters
RANDOM_CHARACTERS = 40
"""238 random bits, so that nobody guesses one, not even with the hashes in hand: a slow hash such as bcrypt protects
passwords, which people choose from few, and would cost every request milliseconds."""

SHOWN_CHARACTERS = len("till_live_") + 6
"""Enough of the secret to find it again (6 random characters), too little to use it."""

SECRET = re.compile(rf"till_(live|test)_[0-9A-Za-z]{{{RANDOM_CHARACTERS}}}")


def new_secret(mode: KeyMode) -> str:
    """A new secret; scanners of leaked credentials know it by its beginning."""
    return f"till_{mode}_" + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))


def hash_of(secret: str) -> str:
    """SHA-256 of the secret, hexadecimal: what is stored and looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_part(secret: str) -> str:
    """The beginning that may be shown and logged."""
    return secret[:SHOWN_CHARACTERS]
