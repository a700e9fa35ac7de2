"""AES-256-GCM with a fresh random nonce: the one place where bytes are sealed and opened."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from payment_core.vault.errors import TamperedRecord

NONCE_BYTES = 12
"""NIST SP 800-38D 8.2.2: 96 random bits are safe for 2^32 messages under one key; the cache stops far earlier."""

TAG_BYTES = 16


def seal(key: bytes | bytearray, plaintext: bytes | bytearray, aad: bytes) -> bytes:
    """Nonce (12 bytes), ciphertext, tag (16 bytes)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_sealed(key: bytes | bytearray, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext. Raises TamperedRecord when key, sealed bytes or additional data differ in a single bit."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise TamperedRecord("It is too short.")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except InvalidTag:
        raise TamperedRecord from None
