"""What the daemon measures, on its way to CloudWatch: gathered, sent many at a time, and never waited for."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

import msgspec
import structlog

from checks.facts import HealthProbed
from daemon.errors import AwsFailed
from remediation.ports import Clock

log = structlog.get_logger()

DATA_PER_CALL = 1_000
"""The most that PutMetricData takes."""
WAITING_MAX = 5_000
"""Data that wait for a CloudWatch that does not answer: twelve hours of health checks; the oldest are dropped first."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0

Unit = Literal["Milliseconds", "None"]


class MetricDatum(msgspec.Struct, frozen=True):
    """One value of one metric. dimensions: names and values, in order."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    at_ms: int
    value: float
    unit: Unit = "None"


class Outlet(Protocol):
    """Takes data. Raises AwsFailed."""

    async def publish(self, data: Sequence[MetricDatum]) -> None:
        """Publish at most DATA_PER_CALL in one call."""


def health_data(facts: Iterable[HealthProbed]) -> list[MetricDatum]:
    """``ComponentHealthy`` (1, 0.5 degraded, 0 unhealthy) and ``ProbeLatency`` by component, environment and check.

    Of what is unknown there is no ``ComponentHealthy``: an alarm has to treat missing data as breaching.
    """
    data: list[MetricDatum] = []
    for fact in facts:
        named = (("Component", fact.subject), ("Environment", fact.environment), ("Check", fact.check))
        dimensions = tuple((name, value) for name, value in named if value)
        value = STATUS_VALUES.get(fact.status)
        if value is not None:
            data.append(MetricDatum("ComponentHealthy", dimensions, fact.at_ms, value))
        data.append(MetricDatum("ProbeLatency", dimensions, fact.at_ms, fact.latency_ms, "Milliseconds"))
    return data


STATUS_VALUES: Mapping[str, float] = MappingProxyType({"healthy": 1.0, "degraded": 0.5, "unhealthy": 0.0})
"""What is unknown has no number."""


class MetricOutlet:
    """published, dropped: data since the start. throttled, failed: calls that CloudWatch refused for now, or at all."""

    def __init__(self, outlet: Outlet, clock: Clock) -> None:
        self._outlet = outlet
        self._clock = clock
        self._waiting: deque[MetricDatum] = deque()
        self._some = asyncio.Event()
        self.published = 0
        self.dropped = 0
        self.throttled = 0
        self.failed = 0

    def offer(self, data: Iterable[MetricDatum]) -> None:
        """Have the data published some time; never waits."""
        for datum in data:
            if len(self._waiting) >= WAITING_MAX:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(datum)
        if self._waiting:
            self._some.set()

    async def run(self) -> None:
        """Publish until cancelled; no fault of CloudWatch ends it."""
        failures = 0
        while True:
            await self._some.wait()
            failures = 0 if await self.publish_once() else failures + 1
            if failures:
                pause_seconds = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 10))
                await self._clock.sleep(pause_seconds)

    async def publish_once(self) -> bool:
        """One call with what waits. What may succeed later goes on waiting, anything else is dropped and counted."""
        batch = [self._waiting.popleft() for _ in range(min(DATA_PER_CALL, len(self._waiting)))]
        if not self._waiting:
            self._some.clear()
        if not batch:
            return True
        try:
            await self._outlet.publish(batch)
        except AwsFailed as fault:
            self._refused(batch, fault)
            return False
        self.published += len(batch)
        return True

    def _refused(self, batch: list[MetricDatum], fault: AwsFailed) -> None:
        log.warning("metrics not published", action="metrics_not_published", fault=str(fault), data=len(batch))
        if not fault.retryable:
            self.failed += 1
            self.dropped += len(batch)
            return
        self.throttled += 1
        room = max(0, WAITING_MAX - len(self._waiting))
        kept = batch[len(batch) - min(room, len(batch)) :]
        self.dropped += len(batch) - len(kept)
        self._waiting.extendleft(reversed(kept))
        self._some.set()
