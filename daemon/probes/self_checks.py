"""What the cores say when they check a part of themselves, put together over the environments."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.core_client import SelfCheck
from daemon.probes.looking import Asked, Look, Observed, everywhere

CHECKED_BY_CORES = ("fraud-detector", "ach-transfer-manager", "escrow-manager", "encryption")
"""Components that a core alone can look at; compliance has a part there too."""


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


async def _asked(environment: str, core: SelfCheckDoor, component: str) -> Asked:
    try:
        found = await core.self_check(component)
    except NotAsked as fault:
        return Asked(environment, Observed("unknown", str(fault)))
    except CoreUnreachable as fault:
        return Asked(environment, Observed("unhealthy", str(fault)), away=True)
    return Asked(environment, Observed(found.status, found.detail, found.findings))
