"""A file that holds all of what was written last, or all of what it held before, whatever stops the write."""

import os
from pathlib import Path

DRAFT = ".draft"
"""Ends the hidden name under which a file is written; one that a killed process left means nothing."""
READABLE = 0o644
OWNER_ALONE = 0o600


def write_whole(path: Path, content: bytes, *, mode: int = READABLE, durable: bool = True) -> None:
    """Replace the file in one step; its folder is made. Waits for a disk. Raises OSError, and the old file stays.

    mode: who may read it, also while it is written. durable: it is on the disk when this returns, and so is its name;
    False for what the next minute tells again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}{DRAFT}")
    # One that is left over may be readable by more than this one is for.
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """A new name is only as durable as the folder that holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
