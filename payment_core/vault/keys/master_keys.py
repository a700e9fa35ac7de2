"""A master key with all the secrets that it had: the newest one encrypts, every one decrypts."""

import base64
import secrets
from typing import Self, assert_never

import msgspec

from payment_core.vault.errors import (
    KeyAccessDenied,
    KeyDisabled,
    KeyMissing,
    KeyPendingDeletion,
    KeyUnavailable,
    TamperedRecord,
)
from payment_core.vault.keys.blobs import MaterialName, material_of, open_blob, seal_blob
from payment_core.vault.keys.port import DATA_KEY_BYTES, Context, KeyState, NewDataKey, WrappedKey

VERSION = 1
"""Of the layout in which the keys are kept."""

KEY_ID = "local"


class Material(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One secret of 32 bytes."""

    id: str
    secret_base64: str
    made_at_ms: int

    def __repr__(self) -> str:
        return f"Material({self.id})"


class MasterKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a key service of ours knows. materials: oldest first. Errors are those of KeyService."""

    version: int
    state: KeyState
    materials: tuple[Material, ...]

    @classmethod
    def new(cls, now_ms: int) -> Self:
        """Enabled, with one secret."""
        return cls(VERSION, KeyState.ENABLED, (_new_material(now_ms),))

    def rotated(self, now_ms: int) -> Self:
        """The same with one more secret, which encrypts from now on."""
        return msgspec.structs.replace(self, materials=(*self.materials, _new_material(now_ms)))

    def generate(self, context: Context) -> NewDataKey:
        """A new data key."""
        plaintext = bytearray(secrets.token_bytes(DATA_KEY_BYTES))
        return NewDataKey(plaintext, self._encrypt(plaintext, context))

    def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """The data key in clear."""
        self._require_enabled()
        name = material_of(wrapped.blob)
        secret = next((kept.secret_base64 for kept in self.materials if kept.id == name.material_id), None)
        if secret is None or name.key_id != KEY_ID or wrapped.key_id != KEY_ID:
            raise TamperedRecord("It names a key that does not exist.")
        return open_blob(base64.b64decode(secret), wrapped.blob, context)

    def re_encrypt(self, wrapped: WrappedKey, context: Context) -> WrappedKey:
        """The same data key under the newest secret."""
        return self._encrypt(self.decrypt(wrapped, context), context)

    def _encrypt(self, plaintext: bytearray, context: Context) -> WrappedKey:
        self._require_enabled()
        newest = self.materials[-1]
        name = MaterialName(KEY_ID, newest.id)
        return WrappedKey(seal_blob(name, base64.b64decode(newest.secret_base64), plaintext, context), KEY_ID)

    def _require_enabled(self) -> None:
        match self.state:
            case KeyState.ENABLED:
                return
            case KeyState.DISABLED:
                raise KeyDisabled
            case KeyState.PENDING_DELETION:
                raise KeyPendingDeletion
            case KeyState.MISSING:
                raise KeyMissing
            case KeyState.ACCESS_DENIED:
                raise KeyAccessDenied
            case KeyState.UNAVAILABLE:
                raise KeyUnavailable
            case _:
                assert_never(self.state)


def _new_material(now_ms: int) -> Material:
    secret = base64.b64encode(secrets.token_bytes(DATA_KEY_BYTES)).decode()
    return Material(secrets.token_hex(8), secret, now_ms)
