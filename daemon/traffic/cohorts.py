"""The cohorts of every region, each by what splits the traffic there."""

from collections.abc import Mapping
from typing import Protocol

from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldRefused


class RegionCohort(Protocol):
    """Routes one cohort of one region; see Cohorts."""

    async def read(self) -> CohortRoute | None:
        """Who is routed now."""

    async def route(self, route: CohortRoute, key: str) -> None:
        """Let this cohort go to the environment."""

    async def clear(self, key: str) -> None:
        """Let everybody go by the weights."""


class RegionalCohorts:
    """The Cohorts port. A region that can route none, because an alias splits its traffic, refuses."""

    def __init__(self, by_region: Mapping[str, RegionCohort]) -> None:
        self._by_region = dict(by_region)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that can route a cohort."""
        return tuple(self._by_region)

    async def read(self, region: str) -> CohortRoute | None:
        """See Cohorts."""
        return await self._of(region).read()

    async def route(self, region: str, route: CohortRoute, key: str) -> None:
        """See Cohorts."""
        await self._of(region).route(route, key)

    async def clear(self, region: str, key: str) -> None:
        """See Cohorts."""
        await self._of(region).clear(key)

    def _of(self, region: str) -> RegionCohort:
        cohort = self._by_region.get(region)
        if cohort is None:
            raise WorldRefused(f"What splits the traffic of {region} routes no cohort.")
        return cohort
