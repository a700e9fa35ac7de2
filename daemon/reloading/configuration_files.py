"""Notices that the files of a configuration directory have changed, by what they hold and not by their times alone."""

import hashlib
from pathlib import Path

from config.load import DIRECTORIES

FILES_MAX = 1_000
"""More is the wrong directory, which loading refuses with a better reason."""

Stamp = tuple[int, int, int]
"""Inode, time of change in nanoseconds, size: while they are the same, a file is not read again."""


class ConfigurationFiles:
    """The files that a configuration is read from."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[Path, tuple[Stamp, str]] = {}

    def digest(self) -> str:
        """A hash over the names and contents; also of what cannot be read, which is a change like any other.

        Reads from the disk: call it in a thread.
        """
        known: dict[Path, tuple[Stamp, str]] = {}
        for path in self._paths():
            found = self._hashed(path)
            if found is not None:
                known[path] = found
        self._known = known
        lines = (f"{path} {content}" for path, (_, content) in sorted(known.items()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _paths(self) -> list[Path]:
        found: list[Path] = []
        for folder in (self._directory, *(self._directory / name for name in DIRECTORIES)):
            try:
                found += sorted(path for path in folder.iterdir() if path.is_file())
            except OSError:
                found.append(folder)
        return found[:FILES_MAX]

    def _hashed(self, path: Path) -> tuple[Stamp, str] | None:
        try:
            status = path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            known = self._known.get(path)
            if known is not None and known[0] == stamp:
                return known
            return stamp, hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as fault:
            return (0, 0, 0), type(fault).__name__
