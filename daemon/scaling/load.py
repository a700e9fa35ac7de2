"""What a component is busy with at one moment, whoever tells it."""

from typing import Protocol

import msgspec

from remediation.ports import Capacity
from remediation.scaling.model import Reading


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """As in a Reading; None: it was not told, which is neither zero nor healthy."""

    utilization: float | None = None
    queue_age_seconds: float | None = None
    concurrency: int | None = None
    throttled: int | None = None
    in_flight: int | None = None
    requests_per_second: float | None = None


UNKNOWN = Load()


class Gauge(Protocol):
    """Tells the load of one component. Raises WorldUnreachable or WorldRefused when nothing can be told."""

    async def read(self, capacity: Capacity | None) -> Load:
        """The load now. capacity: what the component has, None when that could not be read."""


def reading_of(component: str, at_ms: int, capacity: Capacity | None, load: Load) -> Reading:
    """Both as one look at the component."""
    return Reading(
        component=component,
        at_ms=at_ms,
        desired=None if capacity is None else capacity.desired,
        in_service=None if capacity is None else capacity.in_service,
        utilization=load.utilization,
        queue_age_seconds=load.queue_age_seconds,
        concurrency=load.concurrency,
        throttled=load.throttled,
        in_flight=load.in_flight,
        requests_per_second=load.requests_per_second,
    )
