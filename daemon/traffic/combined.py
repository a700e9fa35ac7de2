"""The traffic of every region in one reading, for people to look at."""

from collections.abc import Mapping

from daemon.probes.places import SEPARATOR
from daemon.traffic.weights import ALL_PERCENT, percent_of
from remediation.ports import Traffic


class CombinedSplit:
    """Reads the share of each region's environments in all traffic, by ``region/environment``."""

    def __init__(self, between: Traffic, by_region: Mapping[str, Traffic]) -> None:
        self._between = between
        self._by_region = dict(by_region)

    async def read(self) -> dict[str, int]:
        """Hundredths of a percent, which add up to about 10,000. Raises WorldUnreachable or WorldRefused."""
        found = {}
        for region, region_percent in percent_of(await self._between.read()).items():
            split = self._by_region.get(region)
            # A record of a region that nobody knows takes its share all the same.
            environments = {"": ALL_PERCENT} if split is None else percent_of(await split.read())
            for environment, percent in environments.items():
                found[f"{region}{SEPARATOR}{environment}"] = round(region_percent * percent)
        return found
