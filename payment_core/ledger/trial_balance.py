"""The trial balance with the moment that it is of, read again only as often as reading it costs little."""

import asyncio

import msgspec

from payment_core.clock import Clock
from payment_core.store.port import Books
from payment_core.store.totals import Totals

SHARE = 0.05
"""Of all time at most that is spent on reading: what took 0.5 s is known for 9.5 s, whoever asks, and how many."""


class TrialBalance(msgspec.Struct, frozen=True):
    """totals: of the accounts as they were between began_at_ms and ended_at_ms, at one moment or one by one."""

    totals: Totals
    began_at_ms: int
    ended_at_ms: int


class TrialBalances:
    """Reads for one asker at a time; those who wait get what it found."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._turn = asyncio.Lock()
        self._known: TrialBalance | None = None
        self._stale_at_ms = 0.0

    async def read(self) -> TrialBalance:
        """The newest that is to be had. Raises StoreBusy."""
        async with self._turn:
            began = self._clock.monotonic_ms()
            if self._known is not None and began < self._stale_at_ms:
                return self._known
            began_at_ms = self._clock.now_ms()
            totals = await self._books.totals()
            self._known = TrialBalance(totals, began_at_ms, self._clock.now_ms())
            ended = self._clock.monotonic_ms()
            self._stale_at_ms = ended + (ended - began) * (1 / SHARE - 1)
            return self._known
