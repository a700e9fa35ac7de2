"""What the vault needs of a key service, and the data key that it makes of the answer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from payment_core.vault.envelope import open_sealed, seal
from payment_core.vault.errors import DataKeyErased

Context = Mapping[str, str]
"""Coarse: purpose and tenant. A context per record would be a call per record; what is per record is in the AAD."""

DATA_KEY_BYTES = 32
"""AES-256."""


class KeyState(StrEnum):
    """What can be said of the key that protects all data keys."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    PENDING_DELETION = "pending_deletion"
    MISSING = "missing"
    ACCESS_DENIED = "access_denied"
    UNAVAILABLE = "unavailable"


class WrappedKey(msgspec.Struct, frozen=True):
    """A data key as only the key service can open it. key_id: the service's key that encrypted it."""

    blob: bytes
    key_id: str


class NewDataKey:
    """A data key that was just made, both ways. plaintext: 32 bytes, erased by whoever took them."""

    __slots__ = ("plaintext", "wrapped")

    def __init__(self, plaintext: bytearray, wrapped: WrappedKey) -> None:
        self.plaintext = plaintext
        self.wrapped = wrapped


class KeyService(Protocol):
    """Holds the key that never leaves it: AWS KMS, or a file on this machine.

    Every method but state raises KeyDisabled, KeyPendingDeletion, KeyMissing, KeyAccessDenied and KeyUnavailable
    (retryable); those that take a blob raise TamperedRecord when it, or the context, is not what was encrypted.
    """

    async def generate_data_key(self, context: Context) -> NewDataKey:
        """A new data key under the current key."""
        ...

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """The data key in clear, for the caller to erase."""
        ...

    async def re_encrypt(self, wrapped: WrappedKey, context: Context) -> WrappedKey:
        """The same data key under the current key; its plaintext does not leave the service."""
        ...

    async def state(self) -> KeyState:
        """The current key's state; UNAVAILABLE when nobody answers."""
        ...


class DataKey:
    """A data key in clear, which can be erased. id: its row. Never zero bytes: an erased key refuses to work."""

    __slots__ = ("_plaintext", "id")

    def __init__(self, data_key_id: str, plaintext: bytearray) -> None:
        self.id = data_key_id
        self._plaintext = plaintext

    @property
    def erased(self) -> bool:
        """Whether it can no longer be used."""
        return len(self._plaintext) == 0

    def seal(self, plaintext: bytes | bytearray, aad: bytes) -> bytes:
        """Nonce, ciphertext and tag. Raises DataKeyErased."""
        return seal(self._usable(), plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """What was sealed. Raises TamperedRecord and DataKeyErased."""
        return open_sealed(self._usable(), sealed, aad)

    def bytes_for_mac(self) -> bytearray:
        """A copy for a keyed hash; the caller erases it. Raises DataKeyErased."""
        return bytearray(self._usable())

    def erase(self) -> None:
        """Overwrite it. Copies that the interpreter or a cipher made are out of reach."""
        erase(self._plaintext)
        self._plaintext.clear()

    def _usable(self) -> bytearray:
        if self.erased:
            raise DataKeyErased(self.id)
        return self._plaintext

    def __repr__(self) -> str:
        return f"DataKey({self.id})"


def erase(secret: bytearray) -> None:
    """Overwrite with zeros."""
    secret[:] = bytes(len(secret))
