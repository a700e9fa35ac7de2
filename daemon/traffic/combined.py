"""The traffic of every region in one reading, for people to look at."""

from collections.abc import Mapping

from daemon.probes.places import SEPARATOR
from remediation.ports import Traffic

ALL_PERCENT = 100


class CombinedSplit:
    """Reads the share of each region's environments in all traffic, by ``region/environment``."""

    def __init__(self, between: Traffic, by_region: Mapping[str, Traffic]) -> None:
        self._between = between
        self._by_region = dict(by_region)

    async def read(self) -> dict[str, int]:
        """Hundredths of a percent, which add up to about 10,000. Raises WorldUnreachable or WorldRefused."""
        found = {}
        for region, region_percent in _percent(await self._between.read()).items():
            split = self._by_region.get(region)
            # A record of a region that nobody knows takes its share all the same.
            environments = {"": ALL_PERCENT} if split is None else _percent(await split.read())
            for environment, percent in environments.items():
                found[f"{region}{SEPARATOR}{environment}"] = round(region_percent * percent)
        return found


def _percent(weights: Mapping[str, int]) -> dict[str, float]:
    """Shares of 100, all alike when every weight is 0, as DNS answers."""
    total = sum(weights.values())
    if total == 0:
        return {name: ALL_PERCENT / len(weights) for name in weights}
    return {name: ALL_PERCENT * weight / total for name, weight in weights.items()}
