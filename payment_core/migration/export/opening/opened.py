"""A file of an export as clear bytes, whichever way it lies there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from payment_core.migration.export.errors import FileMissing, KeyUnusable
from payment_core.migration.export.manifest import ManifestFile
from payment_core.migration.export.opening import cipher, clear
from payment_core.migration.export.opening.keys import KeySource


@asynccontextmanager
async def clear_bytes(
    directory: Path, file: ManifestFile, keys: KeySource | None, start: int = 0
) -> AsyncIterator[AsyncIterator[bytes]]:
    """The clear bytes of a file, in pieces. start: bytes to leave out, of one that is not encrypted.

    Raises what ``cipher.decrypted`` and ``clear.opened`` raise, and what the key's source does.
    """
    path = directory / file.name
    if not file.encrypted:
        async with clear.opened(path, start) as pieces:
            yield pieces
        return
    if keys is None:
        raise KeyUnusable(f"{file.name} is encrypted, and no private key is given.")
    if not path.is_file():
        raise FileMissing(file.name)
    async with cipher.decrypted(path, await keys.private_key()) as pieces:
        yield pieces
