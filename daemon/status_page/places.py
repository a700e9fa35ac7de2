"""Where the page is written: a folder, each file whole or not at all, and a bucket."""

import asyncio
import os
from pathlib import Path
from typing import Protocol

from daemon.aws.s3 import S3Objects
from daemon.errors import AwsFailed, DaemonError


class PageNotWritten(DaemonError):
    """The status page could not be written."""

    @property
    def retryable(self) -> bool:
        """Yes: it is written again at the next look."""
        return True


class Place(Protocol):
    """Takes files. Raises PageNotWritten."""

    async def write(self, name: str, content: bytes, content_type: str) -> None:
        """Put it in place of what was there, whole."""
        ...


class Folder:
    """A folder of this machine, made when the first file is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, name: str, content: bytes, content_type: str) -> None:
        """See Place."""
        del content_type
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as fault:
            raise PageNotWritten(f"{self._folder / name}: {fault}") from fault

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Hidden, and beside its place: a web server that serves the folder never sees half a file.
        unfinished = self._folder / f".{name}.unfinished"
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder / name)


class PageBucket:
    """Objects of S3, each of which is whole or not there by itself."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects = objects

    async def write(self, name: str, content: bytes, content_type: str) -> None:
        """See Place."""
        try:
            await self._objects.write(name, content, content_type)
        except AwsFailed as fault:
            raise PageNotWritten(str(fault)) from fault
