"""The health payment of each environment: one dollar that is authorized and voided, as a fact."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from checks.facts import HealthProbed
from daemon.probes.core import COMPONENT, PAYMENT
from daemon.probes.core_client import HealthPayment
from daemon.probes.looking import Observed, looked
from daemon.probes.places import place_of
from remediation.ports import Clock

DEADLINE_SECONDS = 10.0
SLOW_MS = 2_000
"""The owner's response time, for a payment and its release together."""

_BROKEN = frozenset({"declined", "failed"})


class PaymentDoor(Protocol):
    """A core that takes health payments. Raises DaemonError."""

    async def pay(self, key: str) -> HealthPayment:
        """Authorize and void one dollar, once for each key."""


class HealthPaymentProbe:
    """Pays at every environment at once; never raises."""

    def __init__(
        self,
        cores: Mapping[str, PaymentDoor],
        clock: Clock,
        *,
        region: str = "us-east-1",
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._cores = dict(cores)
        self._clock = clock
        self._region = region
        self._deadline_seconds = deadline_seconds

    async def probe_all(self, now_ms: int) -> list[HealthProbed]:
        """One payment at every environment."""
        return list(await asyncio.gather(*(self.probe(environment, now_ms) for environment in self._cores)))

    async def probe(self, name: str, now_ms: int, number: int = 0) -> HealthProbed:
        """One payment at an environment, by its name in the settings. number: tells payments of one moment apart."""
        core, place = self._cores[name], place_of(name, self._region)
        started = self._clock.monotonic_ms()
        version = ""

        async def look() -> Observed:
            nonlocal version
            paid = await core.pay(f"probe:{name}:{now_ms}:{number}")
            version = paid.version
            return _judged(paid)

        observed = await looked(look, self._deadline_seconds)
        return HealthProbed(
            id=f"probe:{COMPONENT}:{PAYMENT}:{name}:{now_ms}:{number}",
            at_ms=now_ms,
            subject=COMPONENT,
            region=place.region,
            environment=place.environment,
            version=version,
            status=observed.status,
            check=PAYMENT,
            latency_ms=self._clock.monotonic_ms() - started,
            detail=observed.detail,
        )


def _judged(paid: HealthPayment) -> Observed:
    """Only what was voided is healthy; holding mode is meant, so it is degraded and says why nothing was paid."""
    detail = f"$1 health payment: {paid.detail}"
    if paid.outcome == "voided":
        return Observed("degraded" if paid.took_ms > SLOW_MS else "healthy", detail)
    return Observed("unhealthy" if paid.outcome in _BROKEN else "degraded", detail)
