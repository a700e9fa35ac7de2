"""When a transaction is tried again: capped exponential pauses with full jitter, up to a deadline."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from payment_core.clock import Clock

FIRST_PAUSE_MS = 20
"""About as long as the transaction that was in the way takes."""

PAUSE_MAX_MS = 1000
DEADLINE_MS = 10_000
"""As long as a caller waits for SQLite's lock; then it is told to come again."""


class Patience:
    """How pauses are made. sleep: takes seconds. chance: gives 0 to 1."""

    def __init__(
        self,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        deadline_ms: int = DEADLINE_MS,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.chance = chance
        self.deadline_ms = deadline_ms

    def begin(self) -> "Tries":
        """The tries of one transaction."""
        return Tries(self)


class Tries:
    """How often one transaction was tried, and how long it may still be."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._until_ms = patience.clock.monotonic_ms() + patience.deadline_ms
        self.count = 0

    async def pause(self) -> bool:
        """Wait before another try, anywhere from 0 to the doubled pause; False when the time is over."""
        self.count += 1
        left_ms = self._until_ms - self._patience.clock.monotonic_ms()
        if left_ms <= 0:
            return False
        # The exponent is limited too, since 2 to the number of tries is no small number in the end.
        limit_ms = min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** min(self.count - 1, 10))
        await self._patience.sleep(min(limit_ms * self._patience.chance(), left_ms) / 1000)
        return True
