"""Signs the daily roots, so that whoever can write the archive still cannot make one."""

from pathlib import Path
from stat import S_IMODE
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from payment_core.audit.errors import KeyUnusable

KEY_BYTES = 32
"""An Ed25519 seed or public key (RFC 8032)."""

_READABLE_BY_OTHERS = 0o077


class Signer(Protocol):
    """Makes signatures."""

    def sign(self, statement: bytes) -> str:
        """The signature in hexadecimal."""
        ...


class Checker(Protocol):
    """Checks signatures."""

    def check(self, statement: bytes, signature: str) -> bool:
        """Whether the signature is of this statement."""
        ...


class Ed25519Signer:
    """Signs with a private key; whoever checks needs only the public one."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> bytes:
        """What to give to whoever checks."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, statement: bytes) -> str:
        """An Ed25519 signature (RFC 8032)."""
        return self._key.sign(statement).hex()


class Ed25519Checker:
    """Checks with the public key."""

    def __init__(self, public_key: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public_key)

    def check(self, statement: bytes, signature: str) -> bool:
        """Whether the private key's owner signed this."""
        try:
            self._key.verify(bytes.fromhex(signature), statement)
        except (InvalidSignature, ValueError):
            return False
        return True


def read_key(path: Path, *, secret: bool) -> bytes:
    """A key of 64 hexadecimal digits; raises KeyUnusable, also for a secret one that others may read."""
    try:
        if secret and S_IMODE(path.stat().st_mode) & _READABLE_BY_OTHERS:
            raise KeyUnusable(f"{path}: others may read it; set its mode to 600.")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"{path}: {error}") from error
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"{path}: it holds {len(key)} bytes, {KEY_BYTES} are needed.")
    return key
