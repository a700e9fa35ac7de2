"""The only place of the payment core that reads the time."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall clock for event times, monotonic clock for durations; both in milliseconds."""

    def now_ms(self) -> int:
        """Unix epoch milliseconds, UTC."""
        ...

    def monotonic_ms(self) -> float:
        """Milliseconds that never go backwards; only differences mean anything."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """Unix epoch milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def process_ms(self) -> int:
        """Milliseconds of processor time that all threads of this process used."""
        return time.process_time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        """Milliseconds that never go backwards."""
        return time.monotonic_ns() / 1_000_000
