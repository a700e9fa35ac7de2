"""The newest document on disk, for a start without broker and without AWS, and the highest version ever kept."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from payment_core.flags.envelope import BYTES_MAX
from payment_core.flags.errors import DocumentNotKept

_MODE = 0o600
_DIGITS = 20


class Kept(msgspec.Struct, frozen=True):
    """What lies on disk. body: the newest envelope, unchecked, empty if none. seen: the highest version, 0 if none."""

    body: bytes
    seen: int


NOTHING = Kept(b"", 0)
"""Before the first document."""


class Keeping:
    """One file, shared by every process on it, that no process puts an older document into.

    path: the document's; beside it, under ``.seen``, is the highest version, which outlives a document that was lost or
    damaged and is what processes lock while they write. Both are removed to begin anew. Every call may wait for a disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = path.with_name(f"{path.name}.seen")

    @property
    def path(self) -> Path:
        """Where the document is."""
        return self._path

    def read(self) -> Kept:
        """What was kept last. Raises DocumentNotKept when the disk does not let it be read."""
        try:
            body = _read(self._path, BYTES_MAX + 1)
            return Kept(body, _version(_read(self._seen, _DIGITS)))
        except OSError as fault:
            raise DocumentNotKept(f"{self._path}: {fault.strerror}.") from fault

    def keep(self, body: bytes, version: int) -> bool:
        """Write it, unless one of a later version is there; whether it was written. Raises DocumentNotKept.

        The document appears as a whole, and before the version that vouches for it.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._locked() as seen:
                if _version(os.pread(seen, _DIGITS, 0)) > version:
                    return False
                _replace(self._path, body)
                # Not synced: until the kernel has written it, the document itself says as much.
                os.pwrite(seen, f"{version:0{_DIGITS}d}".encode("ascii"), 0)
                return True
        except OSError as fault:
            raise DocumentNotKept(f"{self._path}: {fault.strerror}.") from fault

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file of the highest version, while no other process writes."""
        descriptor = os.open(self._seen, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        return b""


def _version(digits: bytes) -> int:
    """0 for what is no number: then the document alone says how new it is."""
    return int(digits) if len(digits) == _DIGITS and digits.isdigit() else 0


def _replace(path: Path, body: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
