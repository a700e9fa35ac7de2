"""What the environments of one region can do, and the port that finds the region."""

from collections.abc import Mapping
from typing import Protocol, TypeVar, runtime_checkable

import msgspec

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


class Batch(msgspec.Struct, kw_only=True):
    """How far a rolling deployment has come. new: healthy instances of its version. failed: why it goes no further."""

    new: int
    settled: bool
    failed: str = ""


@runtime_checkable
class RegionBatches(Protocol):
    """The port Batches for one region. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def batch(self, environment: str, version: str) -> Batch:
        """How many healthy instances run this version."""

    async def roll(self, environment: str, version: str, count: int, key: str) -> None:
        """Let ``count`` of its instances run this version, the others what they ran before."""


D = TypeVar("D")


def settings_of(environments: Mapping[str, D], environment: str) -> D:
    """What the settings say of the environment. Raises WorldRefused when they have none of this name."""
    found = environments.get(environment)
    if found is None:
        known = ", ".join(sorted(environments))
        raise WorldRefused(f"The settings have {known} here, not {environment}; add it to environments.")
    return found


class EnvironmentsByRegion:
    """The ports Environments and Batches over regions of any kind. A region without settings has no environments."""

    def __init__(self, regions: Mapping[str, RegionEnvironments]) -> None:
        self._regions = dict(regions)

    @property
    def batches(self) -> "EnvironmentsByRegion | None":
        """The port Batches, when instances can be replaced some at a time wherever there are environments."""
        can_roll = bool(self._regions) and all(isinstance(one, RegionBatches) for one in self._regions.values())
        return self if can_roll else None

    async def batch(self, region: str, environment: str, version: str) -> Batch:
        """See Batches."""
        return await self._rolling(region).batch(environment, version)

    async def roll(self, region: str, environment: str, version: str, count: int, key: str) -> None:
        """See Batches."""
        await self._rolling(region).roll(environment, version, count, key)

    def in_region(self, region: str) -> RegionEnvironments | None:
        """Those of one region; None where the settings have none."""
        return self._regions.get(region)

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

    def _rolling(self, region: str) -> RegionBatches:
        there = self._of(region)
        if not isinstance(there, RegionBatches):
            raise WorldRefused(f"The environments of {region} cannot be replaced some at a time.")
        return there

    def _of(self, region: str) -> RegionEnvironments:
        there = self._regions.get(region)
        if there is None:
            known = ", ".join(sorted(self._regions)) if self._regions else "no region"
            raise WorldRefused(f"The settings have environments for {known}, not for {region}; add it to environments.")
        return there
