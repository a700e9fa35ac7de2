"""What a key service of ours gives out: a data key under a master key, bound to its context."""

from collections.abc import Mapping

import msgspec

from payment_core.vault.encoding import LENGTH_BYTES, framed, framed_context
from payment_core.vault.envelope import open_sealed, seal
from payment_core.vault.errors import TamperedRecord

FORMAT = b"\x01"
_PARTS = 2


class MaterialName(msgspec.Struct, frozen=True):
    """Which master key, and which of the secrets that it had over time."""

    key_id: str
    material_id: str


def seal_blob(name: MaterialName, secret: bytes, plaintext: bytes | bytearray, context: Mapping[str, str]) -> bytes:
    """Format (1 byte), the two names with their lengths, nonce, AES-256-GCM ciphertext, tag.

    The additional data is all that stands before the nonce, the key's id again, and the context in order of names.
    """
    header = FORMAT + framed(name.key_id, name.material_id)
    return header + seal(secret, plaintext, header + framed_context(name.key_id, context))


def material_of(blob: bytes) -> MaterialName:
    """Which secret opens the blob; nothing is authenticated yet. Raises TamperedRecord when it is no blob of ours."""
    return _split(blob)[0]


def open_blob(secret: bytes, blob: bytes, context: Mapping[str, str]) -> bytearray:
    """The plaintext. Raises TamperedRecord when blob, context or secret is not the one it was sealed with."""
    name, end = _split(blob)
    return bytearray(open_sealed(secret, blob[end:], blob[:end] + framed_context(name.key_id, context)))


def _split(blob: bytes) -> tuple[MaterialName, int]:
    if blob[:1] != FORMAT:
        raise TamperedRecord("The blob's format is not known.")
    parts, at = [], 1
    for _ in range(_PARTS):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(blob[at:start], "big")
        if at > len(blob):
            raise TamperedRecord("The blob is too short.")
        parts.append(blob[start:at])
    try:
        return MaterialName(parts[0].decode(), parts[1].decode()), at
    except UnicodeDecodeError:
        raise TamperedRecord("The blob names no key.") from None
