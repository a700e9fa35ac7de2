"""Keeps a job from going faster than it may, and from going on while payments suffer."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from payment_core.clock import Clock

Sleep = Callable[[float], Awaitable[None]]

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.05, 2.0
"""While payments suffer: the first pause, doubled until the longest, which is well within a lease."""

BURST_SECONDS = 1.0
"""What was not used of the rate may be made up for at the most so long."""


class Gate(Protocol):
    """Says whether payments can bear that a migration goes on now."""

    def is_open(self) -> bool:
        """Whether it may."""
        ...


class OpenGate:
    """Nobody pays here, so nobody is disturbed."""

    def is_open(self) -> bool:
        """Always."""
        return True


class LatencyGate:
    """Open while the last transactions of the store were quick; a slow one closes it for a while.

    limit_ms: a batch that takes longer holds payments up by as much. rest: how many times as long as it took it then
    waits, so that others have half of the time.
    """

    def __init__(self, clock: Clock, *, limit_ms: float, rest: float = 1.0) -> None:
        self._clock = clock
        self._limit_ms = limit_ms
        self._rest = rest
        self._closed_until_ms = 0.0

    def took(self, milliseconds: float) -> None:
        """Note how long something took that payments wait for."""
        if milliseconds > self._limit_ms:
            self._closed_until_ms = self._clock.monotonic_ms() + milliseconds * self._rest

    def is_open(self) -> bool:
        """Whether nothing slow was noted lately."""
        return self._clock.monotonic_ms() >= self._closed_until_ms


class Pace:
    """records_per_second: 0 for no limit. held_ms: how long it waited for the gate."""

    def __init__(self, clock: Clock, sleep: Sleep, gate: Gate, records_per_second: int) -> None:
        self._clock = clock
        self._sleep = sleep
        self._gate = gate
        self._rate = records_per_second
        self._free_at_ms = clock.monotonic_ms()
        self.held_ms = 0.0

    async def wait(self, records: int) -> None:
        """Until so many records more may be moved."""
        pause = PAUSE_SECONDS_MIN
        while not self._gate.is_open():
            started_ms = self._clock.monotonic_ms()
            await self._sleep(pause)
            self.held_ms += self._clock.monotonic_ms() - started_ms
            pause = min(PAUSE_SECONDS_MAX, pause * 2)
        if self._rate <= 0:
            return
        now_ms = self._clock.monotonic_ms()
        self._free_at_ms = max(self._free_at_ms, now_ms - BURST_SECONDS * 1000)
        if self._free_at_ms > now_ms:
            await self._sleep((self._free_at_ms - now_ms) / 1000)
        self._free_at_ms += records * 1000 / self._rate
