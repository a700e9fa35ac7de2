"""A version number that others can wait on."""

import asyncio


class Changes:
    """Counts changes; any number of waiters wake on the next one."""

    def __init__(self) -> None:
        self._version = 1
        self._next = asyncio.Event()

    def mark(self) -> None:
        """Something changed."""
        self._version += 1
        woken, self._next = self._next, asyncio.Event()
        woken.set()

    async def after(self, seen: int) -> int:
        """Wait until the version is above seen, and return it."""
        while self._version <= seen:
            await self._next.wait()
        return self._version
