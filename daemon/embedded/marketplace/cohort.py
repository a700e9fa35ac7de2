"""The clients of a cohort: they ask DNS for the host that is kept for them, all others for the traffic's name."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from daemon.embedded.marketplace.mix import Order
from remediation.deployment.cohort import Cohort, cohort_of
from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Clock

log = structlog.get_logger()

KEPT_SECONDS = 1.0
"""How long an answer is kept, as long as that for the traffic's name (resources.TTL_SECONDS)."""


class RouteSource(Protocol):
    """Says who is routed by name. Raises WorldUnreachable or WorldRefused."""

    async def read(self) -> CohortRoute | None:
        """Who is routed now."""


class NamedClients:
    """Tells where a payment of the cohort goes. behind: the addresses where an environment takes payments."""

    def __init__(self, source: RouteSource, behind: Callable[[str], tuple[str, ...]], clock: Clock) -> None:
        self._source = source
        self._behind = behind
        self._clock = clock
        self._route: CohortRoute | None = None
        self._fresh_until_ms = 0.0
        self._reading = asyncio.Lock()

    async def address(self, order: Order) -> str:
        """Where it goes by name; empty when it goes by the weights, like everybody while nobody is routed."""
        async with self._reading:
            if self._clock.monotonic_ms() >= self._fresh_until_ms:
                await self._read()
        route = self._route
        cohort = None if route is None else cohort_of(route.cohort)
        if route is None or cohort is None or not _is_of(order, cohort):
            return ""
        addresses = self._behind(route.environment)
        return addresses[order.number % len(addresses)] if addresses else ""

    async def _read(self) -> None:
        try:
            self._route = await self._source.read()
        except (WorldUnreachable, WorldRefused) as fault:
            # A resolver serves its last answer on.
            log.warning("cohort could not be read", action="stale_cohort", fault=str(fault))
        self._fresh_until_ms = self._clock.monotonic_ms() + KEPT_SECONDS * 1000


def _is_of(order: Order, cohort: Cohort) -> bool:
    """Merchants of this marketplace are its providers."""
    if cohort.header:
        return order.headers.get(cohort.header, "") == cohort.value
    return order.provider_id == cohort.value
