"""Cost exports as they lie in a folder or a bucket, put together to deliveries: what was written in one go."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from daemon.costs.book import Delivery
from daemon.costs.focus import Export, FocusReader
from daemon.errors import CostsNotKept, Untranslatable

BYTES_MAX = 256 * 1024 * 1024
"""Packed, of one delivery, which may lie on our disk while it is read; a payment system's bill has some MB a month."""
_NAME = re.compile(r"\.(csv(\.gz)?|parquet)$")
_PERIOD = re.compile(r"^(?P<period>(?:.*/)?BILLING_PERIOD=\d{4}-\d{2})/(?P<rest>.+)$")


class ExportFile(Protocol):
    """A file of an export. version: another one means other content."""

    @property
    def name(self) -> str:
        """With its folders."""

    @property
    def version(self) -> str:
        """Of the content."""

    @property
    def size_bytes(self) -> int:
        """As it lies there."""

    @property
    def changed_ms(self) -> int:
        """When it was written."""


class ExportPlace(Protocol):
    """Where exports lie. Raises AwsFailed or CostsNotKept."""

    async def files(self) -> Sequence[ExportFile]:
        """Every file."""

    def on_disk(self, name: str) -> AbstractAsyncContextManager[Path]:
        """Where one file lies whole while the context lasts; it is read from there piece by piece."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of a folder."""

    name: str
    version: str
    size_bytes: int
    changed_ms: int


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery and the names of its files, in order."""

    delivery: Delivery
    files: tuple[str, ...]
    size_bytes: int


class ExportFolder:
    """The port ExportPlace over a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def files(self) -> list[FolderFile]:
        """Every file in it and below."""
        try:
            return await asyncio.to_thread(self._list)
        except OSError as fault:
            raise CostsNotKept(str(fault)) from fault

    @asynccontextmanager
    async def on_disk(self, name: str) -> AsyncIterator[Path]:
        """Where it lies anyway."""
        yield self._folder / name

    def _list(self) -> list[FolderFile]:
        found = []
        if not self._folder.is_dir():
            raise NotADirectoryError(f"{self._folder} is no folder; exports are read from there")
        for path in sorted(self._folder.rglob("*")):
            if path.is_file():
                status = path.stat()
                version = f"{status.st_size}-{status.st_mtime_ns}"
                name = path.relative_to(self._folder).as_posix()
                found.append(FolderFile(name, version, status.st_size, status.st_mtime_ns // 1_000_000))
        return found


class ExportObjects(Protocol):
    """A bucket. Raises AwsFailed."""

    async def files(self) -> Sequence[ExportFile]:
        """Every object."""

    async def download(self, name: str, into: Path) -> None:
        """Write an object to disk, piece by piece."""


class ExportBucket:
    """The port ExportPlace over a bucket. scratch: a folder in which one object at a time lies while it is read."""

    def __init__(self, objects: ExportObjects, scratch: Path) -> None:
        self._objects = objects
        self._scratch = scratch

    async def files(self) -> Sequence[ExportFile]:
        """Every object below the prefix."""
        return await self._objects.files()

    @asynccontextmanager
    async def on_disk(self, name: str) -> AsyncIterator[Path]:
        """A copy that is gone afterwards."""
        with TemporaryDirectory(prefix="export-", dir=self._scratch) as folder:
            path = Path(folder) / "object"
            await self._objects.download(name, path)
            yield path


async def read_delivery(place: ExportPlace, found: Found, account_id: str) -> Export:
    """The lines of all files of one delivery. Raises Untranslatable, AwsFailed, CostsNotKept and NotUsable."""
    if found.size_bytes > BYTES_MAX:
        size = f"{found.size_bytes} bytes are more than the {BYTES_MAX} of a delivery."
        raise Untranslatable(f"{found.delivery.name}: {size}")
    reader = FocusReader(account_id)
    for name in found.files:
        async with place.on_disk(name) as path:
            await asyncio.to_thread(reader.add, name, path)
    return reader.export()


def deliveries(files: Sequence[ExportFile]) -> list[Found]:
    """The deliveries among the files, oldest first.

    Below a folder ``BILLING_PERIOD=2026-11`` all files are one delivery; where AWS keeps every execution in a folder of
    its own, the newest one is it. Elsewhere each file is one.
    """
    groups: dict[str, list[ExportFile]] = {}
    for file in files:
        if not _NAME.search(file.name):
            continue
        match = _PERIOD.match(file.name)
        groups.setdefault(file.name if match is None else match["period"], []).append(file)
    found = [_found(name, _newest_execution(name, members)) for name, members in groups.items()]
    return sorted(found, key=lambda one: (one.delivery.changed_ms, one.delivery.name))


def _newest_execution(period: str, members: list[ExportFile]) -> list[ExportFile]:
    executions: dict[str, list[ExportFile]] = {}
    for file in members:
        rest = file.name[len(period) + 1 :] if file.name != period else file.name
        execution = rest.partition("/")[0] if "/" in rest else ""
        executions.setdefault(execution, []).append(file)
    return max(executions.values(), key=lambda files: max(file.changed_ms for file in files))


def _found(name: str, members: list[ExportFile]) -> Found:
    ordered = sorted(members, key=lambda file: file.name)
    said = "\n".join(f"{file.name} {file.version}" for file in ordered)
    fingerprint = hashlib.sha256(said.encode()).hexdigest()
    delivery = Delivery(name, fingerprint, max(file.changed_ms for file in members))
    return Found(delivery, tuple(file.name for file in ordered), sum(file.size_bytes for file in members))
