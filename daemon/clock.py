"""The only place that reads the time."""

import asyncio
import time


class SystemClock:
    """Wall clock for event times, monotonic clock for durations; both in milliseconds."""

    def now_ms(self) -> int:
        """Unix epoch milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        """Milliseconds that never go backwards; only differences mean anything."""
        return time.monotonic_ns() / 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Let others run for this long."""
        await asyncio.sleep(seconds)
