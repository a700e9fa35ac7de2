"""How late the event loop runs what is due."""

from remediation.ports import Clock

PROBE_SECONDS = 0.25


class LoopLag:
    """The latest lag in seconds; None before the first measurement."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.seconds: float | None = None

    async def measure(self) -> None:
        """Sleep for a known time and see how much longer it took."""
        before_ms = self._clock.monotonic_ms()
        await self._clock.sleep(PROBE_SECONDS)
        self.seconds = max(0.0, (self._clock.monotonic_ms() - before_ms) / 1000 - PROBE_SECONDS)
