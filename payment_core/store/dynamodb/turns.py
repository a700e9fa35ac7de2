"""Lets transactions of one process that want the same item go one after the other instead of failing in turn."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from payment_core.store.dynamodb.layout import TableKey


class Turns:
    """A turn for each contended item, for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: dict[TableKey, asyncio.Lock] = {}
        self._users: dict[TableKey, int] = {}

    @asynccontextmanager
    async def of(self, keys: Iterable[TableKey]) -> AsyncIterator[None]:
        """Hold the turns of all keys; they are taken in one order, so that nobody waits in a circle."""
        async with AsyncExitStack() as held:
            for key in sorted(set(keys)):
                await held.enter_async_context(self._one(key))
            yield

    @asynccontextmanager
    async def _one(self, key: TableKey) -> AsyncIterator[None]:
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):
                yield
        finally:
            self._users[key] -= 1
            if self._users[key] == 0:
                del self._users[key], self._locks[key]
