"""Delivery into a folder: complete files appear in one step, and none is overwritten."""

import asyncio
import errno
import hashlib
import os
import secrets
from pathlib import Path

from payment_core.ach.delivery.names import INBOUND_BYTES_MAX, INBOUND_FILES_MAX, checked_name
from payment_core.ach.delivery.port import (
    DeliveryConflict,
    DeliveryUnavailable,
    Inbound,
    NameUnusable,
    Presence,
)

OUTBOUND, INBOUND, TEMPORARY = "outbound", "inbound", "partial"


class FolderDelivery:
    """``<root>/outbound`` is what the bank takes, ``<root>/inbound`` what it leaves; both are on one file system.

    Every call runs in a thread, because a disk may be slow.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        """Write aside, sync, then link under the name: it exists completely or not at all."""
        await asyncio.to_thread(self._put, checked_name(name), content, sha256)

    async def find(self, name: str, sha256: str) -> Presence:
        """Compares the bytes there."""
        return await asyncio.to_thread(self._find, checked_name(name), sha256)

    async def inbound(self) -> list[Inbound]:
        """Regular files with names of ours, sorted; what begins with a dot is still being written."""
        return await asyncio.to_thread(self._inbound)

    async def fetch(self, name: str) -> bytes:
        """The bytes of one file."""
        return await asyncio.to_thread(self._fetch, checked_name(name))

    def _put(self, name: str, content: bytes, sha256: str) -> None:
        try:
            self._make_directories()
            target = self._root / OUTBOUND / name
            # Of its own for each sender, in this process or another.
            temporary = self._root / TEMPORARY / f"{name}.{secrets.token_hex(8)}"
            _write_durably(temporary, content)
            try:
                os.link(temporary, target)
            except (FileExistsError, FileNotFoundError):
                # Not found: a faster sender of the same file has tidied up.
                _require_same(self._find(name, sha256), name)
            self._remove_partials(name)
            _sync_directory(target.parent)
        except OSError as fault:
            raise DeliveryUnavailable(_named(fault)) from fault

    def _find(self, name: str, sha256: str) -> Presence:
        try:
            content = (self._root / OUTBOUND / name).read_bytes()
        except FileNotFoundError:
            return Presence.ABSENT
        except OSError as fault:
            raise DeliveryUnavailable(_named(fault)) from fault
        return Presence.SAME if hashlib.sha256(content).hexdigest() == sha256 else Presence.OTHER

    def _inbound(self) -> list[Inbound]:
        try:
            self._make_directories()
            found = []
            with os.scandir(self._root / INBOUND) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                        status = entry.stat(follow_symlinks=False)
                        found.append(Inbound(entry.name, f"{status.st_size}-{status.st_mtime_ns}", status.st_size))
        except OSError as fault:
            raise DeliveryUnavailable(_named(fault)) from fault
        return sorted(found, key=lambda inbound: inbound.name)[:INBOUND_FILES_MAX]

    def _fetch(self, name: str) -> bytes:
        path = self._root / INBOUND / name
        try:
            if path.is_symlink() or path.stat().st_size > INBOUND_BYTES_MAX:
                raise NameUnusable(f"{name} is a link or larger than {INBOUND_BYTES_MAX} bytes.")
            return path.read_bytes()
        except OSError as fault:
            raise DeliveryUnavailable(_named(fault)) from fault

    def _remove_partials(self, name: str) -> None:
        """Once the file is there, nobody needs what is left of writing it; it holds account numbers, too."""
        for path in (self._root / TEMPORARY).glob(f"{name}.*"):
            path.unlink(missing_ok=True)

    def _make_directories(self) -> None:
        for directory in (OUTBOUND, INBOUND, TEMPORARY):
            (self._root / directory).mkdir(mode=0o700, parents=True, exist_ok=True)


def _require_same(presence: Presence, name: str) -> None:
    match presence:
        case Presence.SAME:
            return
        case Presence.OTHER:
            raise DeliveryConflict(name)
        case Presence.ABSENT:
            raise DeliveryUnavailable("the folder changed while it was written to")


def _write_durably(path: Path, content: bytes) -> None:
    """Only the owner may read it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(fault: OSError) -> str:
    """The error's name without a path."""
    return errno.errorcode.get(0 if fault.errno is None else fault.errno, type(fault).__name__)
