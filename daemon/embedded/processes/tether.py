"""Becomes another program that ends when the process that started it ends; run as a script by process.py."""

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>; the setting outlives execve (prctl(2))."""

PARENT_GONE = 75
"""Exit code when the parent died before it could be tied to."""


def main(arguments: list[str]) -> NoReturn:
    """Tie this process to its parent and become ``arguments[1:]``; ``arguments[0]`` is the parent's pid.

    The kernel then sends SIGTERM when the parent dies, however it dies. Only Linux can do this; elsewhere a killed
    parent leaves its children, and the lock on the data directory says so to the next run.
    """
    parent, *command = arguments
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # The parent may have died before prctl; the kernel would then never tell.
    if os.getppid() != int(parent):
        sys.exit(PARENT_GONE)
    os.execv(command[0], command)  # noqa: S606  # the command is built by the stack, no shell is involved


if __name__ == "__main__":
    main(sys.argv[1:])
