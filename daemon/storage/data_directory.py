"""One daemon per data directory: what it leads is decided by a lock that dies with the process."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from daemon.errors import NotUsable


def hold_data_directory(path: Path) -> Callable[[], None]:
    """Take the directory for this process and return what gives it back.

    Raises NotUsable when another daemon holds it or nothing can be written there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path / "daemon.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        message = f"{path}: {fault.strerror}; choose a folder that this user may write to"
        raise NotUsable(message) from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        os.close(descriptor)
        if fault.errno not in {errno.EAGAIN, errno.EACCES}:
            raise
        message = f"{path}: another daemon runs on this folder; stop it or choose another data_dir"
        raise NotUsable(message) from fault
    return lambda: os.close(descriptor)
