"""``tillwatch up`` as a program whose children are forked, so that none of them pays for its imports."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import cast

from daemon.aftermath import compensations, measuring
from daemon.cli import main
from daemon.embedded import run
from daemon.embedded.processes.process import Child, Launcher, Program, _open_log
from tests.fork_server import serve
from tests.forked import ForkServer

FORKED = ("daemon", "payment_core", "daemon.embedded.kms.program", "daemon.embedded.old_processor.program")
"""ministack reads its environment when it is imported, so it is started."""
SETTLE = "SETTLE_MS"
"""From a rollback until what it left is looked at: the first word of the command line, before ``up`` and its options.

A run that is about starts, or about what a killed parent leaves behind, is ``python -m daemon up`` itself.
"""


class ForkedProcess:
    """The part of asyncio's Process that a Child uses. status: where its exit code is told."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        self._over = asyncio.Event()
        asyncio.get_running_loop().add_reader(status, self._ended)

    async def wait(self) -> int | None:
        """Its exit code once it ended; negative is the signal that killed it."""
        await self._over.wait()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def _ended(self) -> None:
        told = os.read(self._status, 16)
        asyncio.get_running_loop().remove_reader(self._status)
        os.close(self._status)
        self.returncode = int(told) if told else -signal.SIGKILL
        self._over.set()


class ForkedLauncher(Launcher):
    """Has programs of ours forked by the process at the other end, and starts the others."""

    server: ForkServer
    _turn = asyncio.Lock()

    async def start(self, program: Program) -> Child:
        """See Launcher."""
        _, flag, *words = program.command
        if flag != "-m" or words[0] not in FORKED or program.held:
            return await super().start(program)
        log = _open_log(program.log)
        told, status = os.pipe()
        try:
            descriptors = (log, log, status, *self._inherited)
            # One after the other, or one would get the answer to another.
            async with self._turn:
                pid = await asyncio.to_thread(self.server.fork, words, program.environment, Path.cwd(), descriptors)
        finally:
            os.close(status)
            os.close(log)
        program.log.with_suffix(".pid").write_text(str(pid), encoding="ascii")
        return Child(program, cast("asyncio.subprocess.Process", ForkedProcess(pid, told)))


def child_server() -> ForkServer:
    """What forks the children of this process, and ends them with it."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        serve(theirs)
        os._exit(0)
    theirs.close()
    return ForkServer(ours)


if __name__ == "__main__":
    settle_ms = int(sys.argv.pop(1))
    for module in (compensations, measuring):
        vars(module)[SETTLE] = settle_ms
    ForkedLauncher.server = child_server()
    vars(run).update(Launcher=ForkedLauncher)
    main()
