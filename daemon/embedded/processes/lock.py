"""One run per data directory: a lock that every child inherits, so that it is free only when all of them are gone."""

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from daemon.embedded.faults import DirectoryInUse, DirectoryUnusable
from remediation.ports import Clock

WAIT_SECONDS = 15.0
"""How long the children of a killed run may take to end; they are sent SIGTERM by the kernel."""

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class DirectoryLock:
    """A held lock. descriptor: inheritable; the lock lasts until every copy of it is closed."""

    descriptor: int

    def release(self) -> None:
        """Give the lock up in this process."""
        with suppress(OSError):
            os.close(self.descriptor)


async def lock_directory(
    directory: Path, clock: Clock, say: Callable[[str], None], wait_seconds: float = WAIT_SECONDS
) -> DirectoryLock:
    """Take the lock of a data directory, making the directory when it is new.

    Raises DirectoryInUse, naming the pid, while another run is alive or when a killed run's children do not end
    within the wait; DirectoryUnusable when nothing can be written there.
    """
    path = directory / "lock"
    descriptor = _open(path)
    deadline_ms = clock.monotonic_ms() + wait_seconds * 1000
    told = False
    while not _try_lock(descriptor):
        holder = path.read_text(encoding="ascii", errors="replace").strip()
        late = clock.monotonic_ms() >= deadline_ms
        if late or _is_alive(holder):
            os.close(descriptor)
            what = "processes of a run that was killed are still there" if late else f"pid {holder.split(' ')[0]}"
            raise DirectoryInUse(f"{directory}: {what}")
        if not told:
            say(f"waiting for the processes of the run that was killed (pid {holder.split(' ')[0]}) to end")
            told = True
        await clock.sleep(POLL_SECONDS)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {_born(os.getpid())}\n".encode(), 0)
    except OSError as fault:
        os.close(descriptor)
        raise DirectoryUnusable(str(fault)) from fault
    return DirectoryLock(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise DirectoryUnusable(str(fault)) from fault


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        if fault.errno in {errno.EACCES, errno.EAGAIN}:
            return False
        raise DirectoryUnusable(str(fault)) from fault
    return True


def _is_alive(holder: str) -> bool:
    """Whether the pid and birth time in the lock file are those of a living process."""
    pid, _, born = holder.partition(" ")
    if not pid.isdigit():
        return False
    return _born(int(pid)) == born != ""


def _born(pid: int) -> str:
    """Start time in clock ticks since boot, field 22 of /proc/PID/stat; empty for the dead and for zombies.

    Where there is no /proc nobody counts as alive, so that a second run waits in vain before it says so.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]
