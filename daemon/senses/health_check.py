"""The five-minute health check: every probe at once, and a journal entry for each component that has news."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from checks.facts import HealthProbed, HealthStatus
from checks.health import ComponentHealth, judge
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body, HealthChanged

DATED = frozenset({"audit-trail"})
"""Components whose word is of a moment of its own, up to the first bracket; another moment is news, too."""


class Prober(Protocol):
    """Looks at several things at once."""

    async def probe_all(self, now_ms: int) -> list[HealthProbed]:
        """One fact for each; never raises."""


class Writer(Protocol):
    """Takes entries."""

    async def append(self, body: Body) -> Entry:
        """Append one, durably."""


class HealthCheck:
    """Remembers each component's last status, and the moment that it gave, so that only news are told."""

    def __init__(self, probers: Sequence[Prober], writer: Writer) -> None:
        self._probers = probers
        self._writer = writer
        self._last: dict[str, tuple[HealthStatus, str]] = {}

    async def run(self, now_ms: int) -> list[HealthProbed]:
        """Probe everything once, journal the changes and return the facts."""
        answers = await asyncio.gather(*(prober.probe_all(now_ms) for prober in self._probers))
        facts = [fact for answer in answers for fact in answer]
        for component in judge(facts, (), now_ms):
            await self._tell(component)
        return facts

    async def _tell(self, health: ComponentHealth) -> None:
        name = f"{health.component}/{health.environment}" if health.environment else health.component
        before, then = self._last.get(name, ("unknown", ""))
        is_dated = health.component in DATED and health.status != "unknown"
        moment = health.detail.partition(" (")[0] if is_dated else ""
        if before == health.status and moment in {"", then}:
            return
        await self._writer.append(
            HealthChanged(component=name, status=health.status, previous_status=before, detail=health.detail)
        )
        self._last[name] = (health.status, moment)
