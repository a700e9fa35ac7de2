"""Puts reports where they belong: a folder, each file whole or not there, or a bucket."""

import asyncio
from pathlib import Path
from typing import Protocol

from daemon.errors import AwsFailed, ReportNotWritten
from daemon.storage.whole_file import write_whole


class ReportPlace(Protocol):
    """Where reports go; writing one again replaces it. Raises ReportNotWritten."""

    async def write(self, name: str, content: bytes, content_type: str) -> str:
        """Write a file durably; returns where it is."""


class ReportFolder:
    """A folder, made when the first report is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, name: str, content: bytes, content_type: str) -> str:
        """See ReportPlace."""
        del content_type
        path = self._folder / name
        try:
            await asyncio.to_thread(write_whole, path, content)
        except OSError as fault:
            raise ReportNotWritten(str(fault)) from fault
        return str(path)


class Bucket(Protocol):
    """Objects under a prefix. Raises AwsFailed."""

    async def write(self, name: str, content: bytes, content_type: str) -> str:
        """Put an object; returns its address."""


class ReportBucket:
    """A bucket with a prefix."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def write(self, name: str, content: bytes, content_type: str) -> str:
        """See ReportPlace."""
        try:
            return await self._bucket.write(name, content, content_type)
        except AwsFailed as fault:
            raise ReportNotWritten(str(fault)) from fault
