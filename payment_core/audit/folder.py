"""Daily roots in a folder: each file is created once and cannot be written afterwards."""

import asyncio
import os
import secrets
from pathlib import Path

from payment_core.audit.errors import ArchiveUnavailable

READ_ONLY = 0o444


class FolderRoots:
    """A RootArchive on one machine. Its owner could still delete files: put it on another machine, or use S3."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def names(self) -> list[str]:
        """The files' names in order; none when there is no folder."""
        return await asyncio.to_thread(self._names)

    async def read(self, name: str) -> bytes:
        """One file."""
        try:
            return await asyncio.to_thread((self._folder / name).read_bytes)
        except OSError as error:
            raise ArchiveUnavailable(f"{self._folder / name}: {error.strerror}.") from error

    async def write(self, name: str, body: bytes) -> bool:
        """Create the file; it is there whole or not at all."""
        return await asyncio.to_thread(self._write, name, body)

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.glob("root-*.json"))

    def _write(self, name: str, body: bytes) -> bool:
        path = self._folder / name
        # Of its own for each writer: two jobs of one process may write the same root.
        draft = self._folder / f".{name}.{secrets.token_hex(8)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, READ_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            try:
                # A link fails when the name is taken, so nothing is ever replaced.
                os.link(draft, path)
            except FileExistsError:
                return False
            finally:
                draft.unlink()
            self._sync_folder()
        except OSError as error:
            raise ArchiveUnavailable(f"{path}: {error.strerror}.") from error
        return True

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
