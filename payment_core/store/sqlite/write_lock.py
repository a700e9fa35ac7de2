"""Whose turn it is to write a file: processes wait in the kernel, where SQLite alone would sleep and try again."""

import fcntl
import os
from pathlib import Path


class WriteLock:
    """An advisory lock on a file of its own; the kernel frees it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def open(self) -> None:
        """Make the file that is locked."""
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Close the file; what was locked is free."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def acquire(self) -> None:
        """Wait for the turn; blocks the calling thread."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let the next one write."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
