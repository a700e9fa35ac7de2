"""A process that has imported the program and forks itself for each start, so that no start pays for the imports."""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from config.load import load_configuration
from daemon.cli import COMMANDS
from tests import public_roots

PRELOADED = ("payment_core.server", "daemon.embedded.kms.program", *(module for module, _ in COMMANDS.values()))
RECEIVED_BYTES = 1 << 16
DESCRIPTORS_MAX = 8
"""For stdout, stderr and status, and what a child keeps open."""


@dataclass
class Children:
    """Where the exit status of each child that runs is told: the file descriptor by process id."""

    status_by_pid: dict[int, int] = field(default_factory=dict)

    def end(self) -> None:
        """End those that still run: whoever started them is gone."""
        for pid in self.status_by_pid:
            os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Tell the status of every child that ended."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0] != 0:
                status = self.status_by_pid.pop(ended[0])
                # A test that did not wait for its child is gone.
                with suppress(BrokenPipeError):
                    os.write(status, str(os.waitstatus_to_exitcode(ended[1])).encode("ascii"))
                os.close(status)


def received(channel: socket.socket) -> tuple[dict[str, str], list[str], str, list[int]] | None:
    """Environment, words, folder, and the descriptors that came along; None when nobody asks any more."""
    data, descriptors, _, _ = socket.recv_fds(channel, RECEIVED_BYTES, DESCRIPTORS_MAX)
    while data and not data.endswith(b"\n"):
        data += channel.recv(RECEIVED_BYTES)
    if not data:
        return None
    request = json.loads(data)
    return request["environment"], request["words"], request["folder"], descriptors


def become(environment: dict[str, str], words: list[str], folder: str) -> None:
    """Be a process that was started in this folder as ``python -m WORDS``."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv = words
    # As in a new process: what runs as __main__ was not imported under its own name before.
    for name in (f"{words[0]}.__main__", words[0]):
        if not hasattr(sys.modules.get(name), "__path__"):
            sys.modules.pop(name, None)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def run_to_its_end(environment: dict[str, str], words: list[str], folder: str) -> NoReturn:
    """Become it, and end with it as Python does.

    But no object is taken apart: that would copy what all these processes share, for longer than most commands run.
    """
    code: object = 0
    try:
        become(environment, words, folder)
    except SystemExit as end:
        code = end.code
    except Exception:  # noqa: BLE001  # told as Python tells what nobody caught
        sys.excepthook(*sys.exc_info())
        code = 1
    if code is not None and not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing ends what it forked
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # Nobody may read any more.
        with suppress(OSError):
            stream.flush()
    os._exit(0 if code is None else code & 0xFF)


def serve(channel: socket.socket) -> None:
    """Fork for every request until the asking side is closed."""
    children = Children()
    woken, waker = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([channel.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, RECEIVED_BYTES)
            children.reap()
        if channel.fileno() not in ready:
            continue
        request = received(channel)
        if request is None:
            children.end()
            return
        environment, words, folder, (output, errors, status, *kept) = request
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            channel.close()
            os.dup2(output, 1)
            os.dup2(errors, 2)
            for descriptor in (woken, waker, output, errors, status, *children.status_by_pid.values()):
                os.close(descriptor)
            run_to_its_end(environment, words, folder)
        children.status_by_pid[pid] = status
        for descriptor in (output, errors, *kept):
            os.close(descriptor)
        channel.sendall(f"{pid}\n".encode("ascii"))


if __name__ == "__main__":
    for preloaded in PRELOADED:
        # A command that cannot be imported fails where it is run, and no other with it.
        with suppress(Exception):
            importlib.import_module(preloaded)
    with suppress(Exception):
        # The packaged procedures are read once in a process, and do not change: no child has to read them again.
        load_configuration(None, {})
    public_roots.leave_unread(setattr)
    # What was imported stays: no child has to look at it for garbage.
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
