"""What the cores say when they check a part of themselves, put together over the environments."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.core_client import SelfCheck
from daemon.probes.looking import Asked, Look, Observed, everywhere

CHECKED_BY_CORES = ("fraud-detector", "ach-transfer-manager", "escrow-manager", "encryption")
"""Components that a core alone can look at; compliance has a part there too."""

AUDIT_TRAIL = "audit-trail"
"""The cores verify it in turn, and remember what came of it in their store."""


class SelfCheckDoor(Protocol):
    """A core that checks itself. Raises DaemonError."""

    async def self_check(self, component: str) -> SelfCheck:
        """Check a part of itself now."""


def look_at_cores(cores: Mapping[str, SelfCheckDoor], component: str) -> Look:
    """Ask every environment at once."""

    async def look() -> Observed:
        return everywhere(
            await asyncio.gather(*(_asked(environment, core, component) for environment, core in cores.items()))
        )

    return look


def look_at_shared(cores: Mapping[str, SelfCheckDoor], component: str) -> Look:
    """Ask one environment after the other: of what they share, the first that can say it speaks for all.

    A core that is away says nothing of what it shares, so with all of them away it is unknown.
    """

    async def look() -> Observed:
        unsaid = "no core is configured"
        for environment, core in cores.items():
            asked = await _asked(environment, core, component)
            if not asked.away and asked.observed.status != "unknown":
                return asked.observed
            unsaid = asked.observed.detail
        return Observed("unknown", unsaid)

    return look


async def _asked(environment: str, core: SelfCheckDoor, component: str) -> Asked:
    try:
        found = await core.self_check(component)
    except NotAsked as fault:
        return Asked(environment, Observed("unknown", str(fault)))
    except CoreUnreachable as fault:
        return Asked(environment, Observed("unhealthy", str(fault)), away=True)
    return Asked(environment, Observed(found.status, found.detail, found.findings))
