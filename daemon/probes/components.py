"""Probes of everything that is looked at as a whole, side by side, each with its own deadline."""

import asyncio
from collections.abc import Mapping

from checks.facts import HealthProbed
from daemon.probes.looking import Look, Observed, looked
from remediation.ports import Clock

DEADLINE_SECONDS = 10.0
"""Of one probe; a ledger of a million entries is verified in less."""


class ComponentProbes:
    """Named looks at components. A look that fails or takes too long makes its component unknown, never healthy."""

    def __init__(
        self,
        looks: Mapping[str, Look],
        clock: Clock,
        *,
        region: str = "us-east-1",
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._looks = dict(looks)
        self._clock = clock
        self._region = region
        self._deadline_seconds = deadline_seconds
        self.findings: dict[str, tuple[str, ...]] = {}
        """Everything that the last look at each component found wrong, in words."""

    @property
    def components(self) -> tuple[str, ...]:
        """The components that can be probed."""
        return tuple(self._looks)

    async def probe(self, component: str, now_ms: int) -> HealthProbed:
        """One look at a component, as a fact. Never raises."""
        started = self._clock.monotonic_ms()
        observed = await self._look(component)
        self.findings[component] = observed.findings
        return HealthProbed(
            id=f"probe:{component}:{now_ms}",
            at_ms=now_ms,
            subject=component,
            region=self._region,
            status=observed.status,
            latency_ms=self._clock.monotonic_ms() - started,
            detail=_told(observed),
        )

    async def probe_all(self, now_ms: int) -> list[HealthProbed]:
        """One look at every component, all at once."""
        return list(await asyncio.gather(*(self.probe(component, now_ms) for component in self._looks)))

    async def _look(self, component: str) -> Observed:
        look = self._looks.get(component)
        if look is None:
            return Observed("unknown", "no such component")
        return await looked(look, self._deadline_seconds)


def _told(observed: Observed) -> str:
    """The detail, and how many findings it leaves out: a fact is one line."""
    more = len(observed.findings) - 1
    return f"{observed.detail} (and {more} more findings)" if more > 0 else observed.detail
