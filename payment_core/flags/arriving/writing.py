"""Puts documents on disk beside the event loop: one at a time, and of those that wait only the newest."""

import asyncio
from collections.abc import Callable

from payment_core.flags.arriving.keeping import Keeping

PATIENCE_SECONDS = 0.25
"""A disk that takes longer than this does not hold a kill up; the document is then written after it is served."""


class Writing:
    """One process's writer. on_fault: told of each document that could not be written."""

    def __init__(self, keeping: Keeping, on_fault: Callable[[BaseException], None]) -> None:
        self._keeping = keeping
        self._on_fault = on_fault
        self._next: tuple[bytes, int] | None = None
        self._running: asyncio.Future[bool] | None = None

    async def write(self, body: bytes, version: int) -> None:
        """Return when it is on disk, when that failed, or when it takes too long; it is then still being written."""
        self._next = (body, version)
        self._begin()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.finish()
        except TimeoutError:
            return

    async def finish(self) -> None:
        """Wait until nothing is being written."""
        while self._running is not None:
            await asyncio.wait({self._running})

    def _begin(self) -> None:
        if self._running is not None or self._next is None:
            return
        body, version = self._next
        self._next = None
        self._running = asyncio.get_running_loop().run_in_executor(None, self._keeping.keep, body, version)
        self._running.add_done_callback(self._ended)

    def _ended(self, ended: "asyncio.Future[bool]") -> None:
        self._running = None
        fault = None if ended.cancelled() else ended.exception()
        if fault is not None:
            self._on_fault(fault)
        self._begin()
