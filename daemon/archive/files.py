"""The files of the archive: one is open and grows, closed ones are packed, and the oldest make room."""

import gzip
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from checks.facts import Fact
from daemon.archive.lines import line_of

HOUR_MS = 3_600_000
FILE_BYTES_MAX = 256 * 1024 * 1024
"""A file is closed before its hour is over when it grows larger: packing it takes some 8 seconds."""

_NAME = re.compile(r"facts-\d{8}T\d{6}Z-\d{3}\.jsonl(\.gz)?")
_PACKING = ".part"


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies in the archive."""

    files: int = 0
    size_bytes: int = 0


def files_in(directory: Path) -> list[Path]:
    """The files of the archive, oldest first; a file that is still being packed is read as it was."""
    return sorted(path for path in directory.iterdir() if _NAME.fullmatch(path.name))


class ArchiveFiles:
    """Writes into a directory that it has for itself. Blocking, and one call at a time: it belongs in a thread.

    keep_ms: age at which closed files are deleted. bytes_max: of all files; the oldest are deleted first.
    Every method raises OSError when the disk does not do its part.
    """

    def __init__(self, directory: Path, *, keep_ms: int, bytes_max: int) -> None:
        self._directory = directory
        self._keep_ms = keep_ms
        self._bytes_max = bytes_max
        self._file: FileIO | None = None
        self._path = directory
        self._hour = 0
        self._size = 0

    def open(self, now_ms: int) -> None:
        """Make the directory, pack what a daemon left that was killed, and delete what is too old or too much."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for path in self._directory.glob(f"*{_PACKING}"):
            path.unlink()
        for path in files_in(self._directory):
            if path.suffix == ".jsonl":
                _pack(path)
        self._prune(now_ms)

    def write(self, facts: Sequence[Fact], now_ms: int) -> None:
        """Append the facts to the file of this hour; the file of the last one is closed and packed."""
        hour = now_ms // HOUR_MS
        if self._file is not None and (hour != self._hour or self._size >= FILE_BYTES_MAX):
            self.close()
            self._prune(now_ms)
        if self._file is None:
            self._begin(now_ms)
        if self._file is not None:
            self._append(self._file, b"".join(line_of(fact) for fact in facts))

    def close(self) -> None:
        """Close the open file for good, and pack it."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with file:
            os.fsync(file.fileno())
        _pack(self._path)

    def kept(self) -> Kept:
        """How many files there are, and their size together."""
        sizes = [path.stat().st_size for path in files_in(self._directory)]
        return Kept(len(sizes), sum(sizes))

    def _append(self, file: FileIO, lines: bytes) -> None:
        """All of the lines or none: the same ones are written again after a disk was full."""
        left = memoryview(lines)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError:
            file.truncate(self._size)
            file.seek(self._size)
            raise
        self._size += len(lines)

    def _begin(self, now_ms: int) -> None:
        self._path = next(path for path in _names(self._directory, now_ms) if not _taken(path))
        self._file = FileIO(self._path, "x")
        self._hour = now_ms // HOUR_MS
        self._size = 0

    def _prune(self, now_ms: int) -> None:
        """Delete closed files by age and size; the open one, which is the newest, stays."""
        closed = [path for path in files_in(self._directory) if self._file is None or path != self._path]
        size_bytes = sum(path.stat().st_size for path in closed)
        for path in closed:
            status = path.stat()
            if status.st_mtime * 1000 >= now_ms - self._keep_ms and size_bytes <= self._bytes_max:
                return
            size_bytes -= status.st_size
            path.unlink()


def _names(directory: Path, now_ms: int) -> Iterator[Path]:
    """Names of a file that begins now; a later one sorts after all earlier ones."""
    begun = f"facts-{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
    for number in range(1000):
        yield directory / f"{begun}-{number:03}.jsonl"


def _taken(path: Path) -> bool:
    return path.exists() or _packed(path).exists()


def _packed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def _pack(path: Path) -> None:
    """Replace the file by a packed one; whenever this is interrupted, one of both is whole."""
    packed = _packed(path)
    if not packed.exists():
        half = path.with_name(f"{packed.name}{_PACKING}")
        with half.open("wb") as file:
            with path.open("rb") as source, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
        status = path.stat()
        os.utime(half, (status.st_atime, status.st_mtime))
        half.rename(packed)
    path.unlink()
