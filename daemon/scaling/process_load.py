"""What the payment cores of one machine are busy with, from what each of them has counted since the last look."""

from typing import Protocol

import msgspec

from daemon.environments.load import EnvironmentLoad, ProcessLoad
from daemon.scaling.kinds.processes import ProcessCapacity
from daemon.scaling.load import UNKNOWN, Load
from remediation.ports import Capacity, Clock

_Place = tuple[str, int, str]
"""Environment, slot and version: another version in a slot is another process."""


class TellsLoad(Protocol):
    """The environment service, as far as loads go. Raises WorldUnreachable or WorldRefused."""

    async def load(self, environment: str) -> EnvironmentLoad:
        """What the environment's processes are busy with."""


class _Sample(msgspec.Struct, frozen=True):
    at_ms: float
    processes: dict[_Place, ProcessLoad]


class ProcessGauge:
    """Gauge over the environment that has the traffic. Rates are over the time between two looks.

    The first look, and one at which a process did not tell, says what is so at this moment and no rate.
    """

    def __init__(self, capacity: ProcessCapacity, service: TellsLoad, clock: Clock) -> None:
        self._capacity = capacity
        self._service = service
        self._clock = clock
        self._last: _Sample | None = None

    async def read(self, capacity: Capacity | None) -> Load:
        """See Gauge."""
        del capacity
        environment = await self._capacity.environment()
        told = await self._service.load(environment)
        if told.unread or not told.processes:
            self._last = None
            return UNKNOWN
        now = _Sample(self._clock.monotonic_ms(), {(environment, one.slot, one.version): one for one in told.processes})
        before, self._last = self._last, now
        in_flight = sum(one.in_flight for one in told.processes)
        if before is None or not any(place in before.processes for place in now.processes):
            return Load(concurrency=in_flight, in_flight=in_flight)
        return _since(before, now, in_flight)


def _since(before: _Sample, now: _Sample, in_flight: int) -> Load:
    seconds = (now.at_ms - before.at_ms) / 1000
    if seconds <= 0:
        return Load(concurrency=in_flight, in_flight=in_flight)
    pairs = [(before.processes.get(place), one) for place, one in now.processes.items()]
    processor = sum(_more(old, one, "processor_seconds") for old, one in pairs)
    return Load(
        utilization=processor / seconds / len(pairs),
        concurrency=in_flight,
        in_flight=in_flight,
        requests_per_second=sum(_more(old, one, "requests") for old, one in pairs) / seconds,
        throttled=round(sum(_more(old, one, "turned_away") for old, one in pairs)),
    )


def _more(before: ProcessLoad | None, now: ProcessLoad, name: str) -> float:
    """What was added to a count; a process that is new, or began anew in its slot, has counted from zero."""
    counted = float(getattr(now, name))
    if before is None:
        return counted
    more = counted - float(getattr(before, name))
    return more if more >= 0 else counted
