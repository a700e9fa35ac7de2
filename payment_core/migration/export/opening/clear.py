"""A file as it lies there, as a stream of bytes."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from payment_core.migration.export.errors import FileMissing, FileUnreadable

CHUNK_BYTES = 256 * 1024
"""What is taken at once: some 250 records, a few milliseconds of work."""


@asynccontextmanager
async def opened(path: Path, start: int = 0) -> AsyncIterator[AsyncIterator[bytes]]:
    """The bytes of a file from this one on, in pieces. Raises FileMissing and FileUnreadable."""
    file = await asyncio.to_thread(_open, path)
    try:
        yield _pieces(path, file, start)
    finally:
        file.close()


async def sha256_of(path: Path) -> str:
    """The hash of a file, in hexadecimal. Raises FileMissing and FileUnreadable."""
    return await asyncio.to_thread(_hash, path)


def _open(path: Path) -> io.FileIO:
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError as error:
        raise FileMissing(path.name) from error
    except OSError as error:
        raise FileUnreadable(f"{path.name}: {error.strerror}.") from error


def _hash(path: Path) -> str:
    with _open(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise FileUnreadable(f"{path.name}: {error.strerror}.") from error


async def _pieces(path: Path, file: io.FileIO, start: int) -> AsyncIterator[bytes]:
    try:
        file.seek(start)
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield piece
    except OSError as error:
        raise FileUnreadable(f"{path.name}: {error.strerror}.") from error
