"""Sends the daemon's heartbeat the way that every alarm comes: through EventBridge and the control queue."""

from collections.abc import Mapping
from typing import Protocol

import structlog

from daemon.errors import AwsFailed
from daemon.senses.sightings import BEAT_SECONDS, HEART, Sightings
from daemon.translate.heartbeats import DETAIL_TYPE, SOURCE
from remediation.ports import Clock

log = structlog.get_logger()


class Bus(Protocol):
    """Takes our own events. Raises AwsFailed."""

    async def put(self, source: str, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event."""


class Heart:
    """A beat that could not be sent is counted, and is missed where it should have come back."""

    def __init__(self, bus: Bus, sightings: Sightings, clock: Clock) -> None:
        self._bus = bus
        self._sightings = sightings
        self._clock = clock
        self.failures = 0

    async def beat(self) -> None:
        """Send one."""
        now_ms = self._clock.now_ms()
        detail = {"subject": HEART, "sent_at_ms": now_ms, "interval_seconds": BEAT_SECONDS}
        try:
            await self._bus.put(SOURCE, DETAIL_TYPE, detail)
        except AwsFailed as fault:
            self.failures += 1
            log.warning("heartbeat not sent", action="heartbeat_not_sent", fault=str(fault), failures=self.failures)
        else:
            self._sightings.beat_sent_at_ms = now_ms
