"""A process that has imported the program and forks itself for each start, so that no start pays for the imports."""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from config.load import load_configuration
from daemon.cli import COMMANDS
from tests import public_roots

PRELOADED = ("payment_core.server", "daemon.embedded.kms.program", *(module for module, _ in COMMANDS.values()))
RECEIVED_BYTES = 1 << 16


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
    """Environment, words, folder, and the descriptors for stdout, stderr and status; None when nobody asks any more."""
    data, descriptors, _, _ = socket.recv_fds(channel, RECEIVED_BYTES, 3)
    while data and not data.endswith(b"\n"):
        data += channel.recv(RECEIVED_BYTES)
    if not data:
        return None
    request = json.loads(data)
    return request["environment"], request["words"], request["folder"], descriptors


def become(environment: dict[str, str], words: list[str], folder: str) -> None:
    """Be a process that was started in this folder as ``python -m WORDS``; the program's end is the process's."""
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


def serve(channel: socket.socket) -> None:
    """Fork for every request until the asking side is closed; returns in the children too, once they have run."""
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
        environment, words, folder, (output, errors, status) = request
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            channel.close()
            os.dup2(output, 1)
            os.dup2(errors, 2)
            for descriptor in (woken, waker, output, errors, status, *children.status_by_pid.values()):
                os.close(descriptor)
            become(environment, words, folder)
            return
        children.status_by_pid[pid] = status
        os.close(output)
        os.close(errors)
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
