"""The keys of the KMS stand-in: their material, state, aliases and rotations, in one file."""

import base64
import secrets
import uuid
from pathlib import Path

import msgspec

from daemon.embedded.faults import DirectoryUnusable
from daemon.storage.whole_file import OWNER_ALONE, write_whole

SECRET_BYTES = 32
MATERIAL_ID_BYTES = 32


class Material(msgspec.Struct, frozen=True):
    """One secret of a key. id: 64 hexadecimal digits, as KMS writes KeyMaterialId."""

    id: str
    secret_base64: str
    made_at_ms: int

    @property
    def secret(self) -> bytes:
        """The 32 bytes."""
        return base64.b64decode(self.secret_base64)

    def __repr__(self) -> str:
        return f"Material({self.id})"


class Key(msgspec.Struct, frozen=True):
    """A symmetric key. materials: oldest first, empty once deleted. deletion_at_ms: 0 unless deletion is scheduled."""

    id: str
    description: str
    made_at_ms: int
    materials: tuple[Material, ...]
    enabled: bool = True
    deletion_at_ms: int = 0

    def is_deleted(self, now_ms: int) -> bool:
        """Whether its deletion date has come."""
        return 0 < self.deletion_at_ms <= now_ms


class Book(msgspec.Struct, frozen=True):
    """Everything that the stand-in knows. aliases: ``alias/name`` to key id."""

    version: int = 1
    keys: dict[str, Key] = {}
    aliases: dict[str, str] = {}

    def with_key(self, key: Key) -> "Book":
        """The same with this key in place of the one with its id."""
        return msgspec.structs.replace(self, keys={**self.keys, key.id: key})

    def with_alias(self, name: str, key_id: str) -> "Book":
        """The same with this alias."""
        return msgspec.structs.replace(self, aliases={**self.aliases, name: key_id})

    def without_deleted(self, now_ms: int) -> "Book":
        """The same with the material of deleted keys destroyed, and their aliases gone."""
        gone = {key.id for key in self.keys.values() if key.is_deleted(now_ms)}
        if not any(self.keys[key_id].materials for key_id in gone):
            return self
        keys = {
            key.id: msgspec.structs.replace(key, materials=()) if key.id in gone else key for key in self.keys.values()
        }
        aliases = {name: key_id for name, key_id in self.aliases.items() if key_id not in gone}
        return msgspec.structs.replace(self, keys=keys, aliases=aliases)


def new_key(description: str, now_ms: int) -> Key:
    """An enabled key with its first material."""
    return Key(str(uuid.uuid4()), description, now_ms, (new_material(now_ms),))


def new_material(now_ms: int) -> Material:
    """A fresh secret."""
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return Material(secrets.token_hex(MATERIAL_ID_BYTES), secret, now_ms)


def read_book(path: Path) -> Book:
    """The book of a former run, or an empty one. Raises DirectoryUnusable when the file is not one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except FileNotFoundError:
        return Book()
    except OSError as fault:
        raise DirectoryUnusable(str(fault)) from fault
    except msgspec.MsgspecError:
        raise DirectoryUnusable(
            f"{path} does not hold keys; restore it, or remove it and lose what they seal"
        ) from None


def write_book(path: Path, book: Book) -> None:
    """Replace the file in one step, durably, readable by its owner alone. Raises DirectoryUnusable."""
    try:
        write_whole(path, msgspec.json.encode(book), mode=OWNER_ALONE)
    except OSError as fault:
        raise DirectoryUnusable(str(fault)) from fault
