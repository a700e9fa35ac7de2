"""Asks the payment core's environments whether they are ready: for health facts, and before one gets traffic."""

import asyncio
from collections.abc import Mapping

from checks.facts import HealthProbed, HealthStatus
from daemon.errors import CoreUnreachable
from daemon.probes.core_client import TIMEOUT_SECONDS, CoreClient, Readiness
from daemon.probes.places import name_in, place_of
from remediation.ports import Clock, Destination, DestinationHealth

COMPONENT = "aws-payment-processor"
READINESS, PAYMENT = "readiness", "payment"
"""The two ways in which it is looked at: does it say that it takes payments, and does it take one."""
SLOW_MS = 1_000.0
"""A core that needs this long to say that it is ready is degraded: it does nothing for the answer but one read."""


class CoreProbe:
    """Looks at every environment of the payment core; also the Destination port of a rollback's preflight.

    cores: a client for each environment, by its name in the settings. region: the home region. timeout_seconds: the
    deadline of one look, connection included.
    """

    def __init__(
        self,
        cores: Mapping[str, CoreClient],
        clock: Clock,
        *,
        region: str = "us-east-1",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._cores = dict(cores)
        self._clock = clock
        self._region = region
        self._timeout_seconds = timeout_seconds

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that can be probed, by their names in the settings."""
        return tuple(self._cores)

    async def probe(self, name: str, now_ms: int) -> HealthProbed:
        """One look at an environment, as a fact; one that is not configured is unknown. Never raises."""
        status, version, detail, latency_ms = await self._look(name)
        place = place_of(name, self._region)
        return HealthProbed(
            id=f"probe:{COMPONENT}:{name}:{now_ms}",
            at_ms=now_ms,
            subject=COMPONENT,
            region=place.region,
            environment=place.environment,
            version=version,
            status=status,
            check=READINESS,
            latency_ms=latency_ms,
            detail=detail,
        )

    async def probe_all(self, now_ms: int) -> list[HealthProbed]:
        """One look at every environment, all at once."""
        return list(await asyncio.gather(*(self.probe(environment, now_ms) for environment in self._cores)))

    async def health(self, environment: str) -> DestinationHealth:
        """Whether the environment can take all the traffic now: it must say that it is ready, in time."""
        status, version, detail, _ = await self._look(environment)
        seen = f"{environment} {version}: {detail}" if version else f"{environment}: {detail}"
        return DestinationHealth(healthy=status in {"healthy", "degraded"}, detail=seen)

    def in_region(self, region: str) -> Destination:
        """The same looks, at the environments of one region by their names there."""
        return _InRegion(self, region, self._region)

    async def _look(self, name: str) -> tuple[HealthStatus, str, str, float]:
        core = self._cores.get(name)
        if core is None:
            return "unknown", "", "no address is configured", 0.0
        started = self._clock.monotonic_ms()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                told = await core.readiness(self._timeout_seconds)
        except (CoreUnreachable, TimeoutError) as fault:
            detail = fault.detail if isinstance(fault, CoreUnreachable) else f"no answer in {self._timeout_seconds} s"
            return "unhealthy", "", detail, self._clock.monotonic_ms() - started
        latency_ms = self._clock.monotonic_ms() - started
        status, detail = _judged(told, place_of(name, self._region).environment, latency_ms)
        return status, told.version, detail, latency_ms


class _InRegion:
    """The Destination port of one region."""

    def __init__(self, probe: CoreProbe, region: str, home: str) -> None:
        self._probe = probe
        self._region = region
        self._home = home

    async def health(self, environment: str) -> DestinationHealth:
        """See Destination."""
        return await self._probe.health(name_in(self._region, environment, self._home))


def _judged(told: Readiness, environment: str, latency_ms: float) -> tuple[HealthStatus, str]:
    """Another environment's answer is no answer: the address is not the one that was meant."""
    if told.environment and told.environment != environment:
        return "unknown", f"the address answers as {told.environment!r}"
    if not told.ready:
        return "unhealthy", f"says that it is not ready ({told.status_code})"
    if latency_ms > SLOW_MS:
        return "degraded", f"ready, but took {latency_ms:.0f} ms to say so"
    return "healthy", "ready"
