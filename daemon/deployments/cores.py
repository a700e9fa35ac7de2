"""What a deployment asks of the payment cores themselves: whether they are ready, and a payment of one dollar."""

from typing import Protocol

from checks.facts import HealthProbed
from daemon.probes.core import CoreProbe
from daemon.probes.payments import HealthPaymentProbe
from daemon.probes.places import name_in
from remediation.ports import Clock, DestinationHealth


class Cores(Protocol):
    """The cores of every region and environment. Neither method raises: what cannot be asked is not healthy."""

    async def health(self, region: str, environment: str) -> DestinationHealth:
        """Whether it takes payments, as it says itself."""

    async def pay(self, region: str, environment: str, number: int) -> HealthProbed:
        """Authorize and void one dollar. number: tells payments of one moment apart."""


class ProbedCores:
    """The cores of the settings, through the daemon's probes. home: the region whose cores are named without it."""

    def __init__(self, core: CoreProbe, payments: HealthPaymentProbe, home: str, clock: Clock) -> None:
        self._core = core
        self._payments = payments
        self._home = home
        self._clock = clock

    async def health(self, region: str, environment: str) -> DestinationHealth:
        """See Cores."""
        return await self._core.health(name_in(region, environment, self._home))

    async def pay(self, region: str, environment: str, number: int) -> HealthProbed:
        """See Cores."""
        now_ms = self._clock.now_ms()
        name = name_in(region, environment, self._home)
        if name not in self._core.environments:
            return HealthProbed(
                id=f"deployment:{name}:{now_ms}:{number}",
                at_ms=now_ms,
                subject="aws-payment-processor",
                region=region,
                environment=environment,
                status="unknown",
                detail=f"no address is configured for {name} (cores in tillwatch.yaml)",
            )
        return await self._payments.probe(name, now_ms, number)
