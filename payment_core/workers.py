"""More processes behind the same address: the kernel shares connections out among them (SO_REUSEPORT)."""

import asyncio
import sys
from collections.abc import Sequence

import structlog

from payment_core.tasks import Tasks

log = structlog.get_logger()

STOP_SECONDS = 15.0
"""A worker finishes its requests in ten; the whole process has 30 before ECS kills it."""


class Workers:
    """The processes beside the first one. Each ends when its standard input does, so none outlives its parent.

    They are started once the first listens, with the port it was given.
    """

    def __init__(self, arguments: Sequence[str], count: int) -> None:
        self._arguments = tuple(arguments)
        self._count = count
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        """Start every worker and wait until each says that it listens."""
        for number in range(1, self._count + 1):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "payment_core",
                *self._arguments,
                "--worker",
                str(number),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._processes.append(process)
        for process in self._processes:
            if process.stdout is not None:
                await process.stdout.readline()

    def watch(self, tasks: Tasks) -> None:
        """Report the end of any worker as the death of a task."""
        for number, process in enumerate(self._processes, start=1):
            tasks.start(f"worker-{number}", _until_it_ends(process))

    async def stop(self) -> None:
        """Close their standard input, and kill what does not end in time."""
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                log.error("worker did not stop in time", action="worker_stuck", pid=process.pid)
                process.kill()
                await process.wait()


async def _until_it_ends(process: asyncio.subprocess.Process) -> None:
    code = await process.wait()
    log.error("a worker ended", action="worker_ended", pid=process.pid, code=code)


async def parent_gone() -> None:
    """In a worker: return when standard input ends, because its parent closed it or died."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass
