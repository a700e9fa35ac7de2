"""Runs one self-check within its deadline; a check that fails or hangs is never healthy."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from checks.facts import HealthStatus
from payment_core.answers import Answer, ok
from payment_core.clock import Clock
from payment_core.operations.call import Call
from payment_core.origin import Origin

DEADLINE_SECONDS = 5.0
"""Of one check; half of what the daemon waits, so that it hears which check it was."""

FINDINGS_MAX = 20
"""In one answer; more than a person reads at 03:00."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """How a check went. detail: one line for a person. findings: everything that is wrong, the gravest first."""

    status: HealthStatus
    detail: str
    findings: tuple[str, ...] = ()


class HealthCheckView(msgspec.Struct, frozen=True, kw_only=True):
    """A self-check of one component. took_ms: the check alone, without the way to the core."""

    object: Literal["health_check"] = "health_check"
    component: str
    status: HealthStatus
    detail: str
    findings: tuple[str, ...]
    took_ms: float
    environment: str
    version: str


def judged(grave: Sequence[str], light: Sequence[str], good: str) -> Checked:
    """Unhealthy with anything grave, degraded with anything else; the first finding is the detail, ``good`` if none."""
    found = (*grave, *light)
    status: HealthStatus = "unhealthy" if grave else "degraded" if light else "healthy"
    return Checked(status=status, detail=found[0] if found else good, findings=found)


Check = Callable[[Call], Awaitable[Checked]]
"""Does the work. Whatever it raises makes the component unhealthy."""


class SelfChecks:
    """The checks of one process, by component."""

    def __init__(
        self, checks: dict[str, Check], origin: Origin, clock: Clock, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._checks = checks
        self._origin = origin
        self._clock = clock
        self._deadline_seconds = deadline_seconds

    @property
    def components(self) -> tuple[str, ...]:
        """What can be checked."""
        return tuple(self._checks)

    async def check(self, component: str, call: Call) -> HealthCheckView:
        """Check one component now. Never raises."""
        started_ms = self._clock.monotonic_ms()
        checked = await self._checked(component, call)
        return HealthCheckView(
            component=component,
            status=checked.status,
            detail=checked.detail,
            findings=checked.findings[:FINDINGS_MAX],
            took_ms=round(self._clock.monotonic_ms() - started_ms, 3),
            environment=self._origin.environment,
            version=self._origin.release,
        )

    async def answer(self, component: str, call: Call) -> Answer:
        """The same as an answer: 200 whatever was found, because the check itself was carried out."""
        return ok(await self.check(component, call))

    async def _checked(self, component: str, call: Call) -> Checked:
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._checks[component](call)
        except TimeoutError:
            return Checked(status="unknown", detail=f"the check did not end in {self._deadline_seconds:g} s")
        except Exception as fault:  # noqa: BLE001 - whatever it is, the component could not do its work
            # Only the kind: a fault's text may hold what it was about.
            return Checked(status="unhealthy", detail=f"the check failed: {type(fault).__name__}")
