"""What the environments of one region can do, and the port that finds the region."""

from collections.abc import Mapping
from typing import Protocol

from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused


class RegionEnvironments(Protocol):
    """The port Environments for one region. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def look(self, environment: str) -> EnvironmentState | None:
        """What is there now; None when the environment does not exist."""

    async def deploy(self, environment: str, version: str, size: int, key: str) -> None:
        """Let it run this version with this many instances."""

    async def resize(self, environment: str, size: int, key: str) -> None:
        """Let it have this many instances of what it runs."""


class EnvironmentsByRegion:
    """The port Environments over regions of any kind. A region that the settings do not name has no environments."""

    def __init__(self, regions: Mapping[str, RegionEnvironments]) -> None:
        self._regions = dict(regions)

    async def look(self, region: str, environment: str) -> EnvironmentState | None:
        """See Environments."""
        there = self._regions.get(region)
        return None if there is None else await there.look(environment)

    async def deploy(self, region: str, environment: str, version: str, size: int, key: str) -> None:
        """See Environments."""
        await self._of(region).deploy(environment, version, size, key)

    async def resize(self, region: str, environment: str, size: int, key: str) -> None:
        """See Environments."""
        await self._of(region).resize(environment, size, key)

    def _of(self, region: str) -> RegionEnvironments:
        there = self._regions.get(region)
        if there is None:
            known = ", ".join(sorted(self._regions)) if self._regions else "no region"
            raise WorldRefused(f"The settings have environments for {known}, not for {region}; add it to environments.")
        return there
