"""Where the private key for encrypted files comes from: a port, and a file of this machine."""

import asyncio
import os
from pathlib import Path
from stat import S_IMODE
from typing import Protocol

import msgspec

from payment_core.migration.export.errors import KeyUnusable

KEY_BYTES_MAX = 1024 * 1024
"""Far above any OpenPGP key; a file that was named by mistake is not read whole."""

_READABLE_BY_OTHERS = 0o077


class PrivateKey(msgspec.Struct, frozen=True):
    """An OpenPGP private key, armored or not, and what opens it; never printed."""

    key: bytes
    passphrase: str | None = None

    def __repr__(self) -> str:
        return "PrivateKey(****)"


class KeySource(Protocol):
    """Gives the private key when a file is opened; it is kept no longer than that."""

    async def private_key(self) -> PrivateKey:
        """The key. Raises KeyUnusable, or KeySourceUnavailable."""
        ...


class FileKey:
    """A key in a file that its owner alone may read; the passphrase in another one, when there is one."""

    def __init__(self, key_file: Path, passphrase_file: Path | None = None) -> None:
        self._key_file = key_file
        self._passphrase_file = passphrase_file

    async def private_key(self) -> PrivateKey:
        """Read anew each time; raises KeyUnusable, also when others may read one of the files."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> PrivateKey:
        key = _private_bytes(self._key_file)
        if self._passphrase_file is None:
            return PrivateKey(key)
        passphrase = _private_bytes(self._passphrase_file)
        try:
            # An editor ends the file with a new line, which belongs to no passphrase.
            return PrivateKey(key, passphrase.decode().rstrip("\r\n"))
        except UnicodeDecodeError as error:
            raise KeyUnusable(f"{self._passphrase_file}: it is not UTF-8.") from error


def _private_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if S_IMODE(os.fstat(file.fileno()).st_mode) & _READABLE_BY_OTHERS:
                raise KeyUnusable(f"{path}: others may read it; set its mode to 600.")
            content = file.read(KEY_BYTES_MAX + 1)
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}.") from error
    if not content or len(content) > KEY_BYTES_MAX:
        raise KeyUnusable(f"{path}: it holds {'nothing' if not content else 'too much to be a key'}.")
    return content
