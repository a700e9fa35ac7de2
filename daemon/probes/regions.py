"""Tells whether a region can take another one's traffic: whether its environments answer, and how much there is."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from daemon.probes.core import CoreProbe
from daemon.view.shape import SecondOfPayments
from remediation.actions.rollback_traffic import Sizes
from remediation.errors import RemediationError
from remediation.ports import DestinationHealth, Traffic

BUSY_SECONDS = 10
"""Long enough that a few payments at once are no peak, short enough that a minute's peak shows."""


class RegionProbe:
    """The Regions port.

    traffic: what splits each region's traffic. payments: attempts by second, of all regions. sizes: of the environments
    of a region, None where they are not known.
    """

    def __init__(
        self,
        core: CoreProbe,
        traffic: Mapping[str, Traffic],
        payments: Callable[[], Sequence[SecondOfPayments]],
        sizes: Callable[[str], Sizes | None],
    ) -> None:
        self._core = core
        self._traffic = dict(traffic)
        self._payments = payments
        self._sizes = sizes

    async def health(self, region: str) -> DestinationHealth:
        """See Regions; a region whose traffic split cannot be read, or holds no weight, is unhealthy."""
        split = self._traffic.get(region)
        if split is None:
            return DestinationHealth(healthy=False, detail=f"{region} has no traffic that is known here")
        try:
            weights = await split.read()
        except RemediationError as fault:
            return DestinationHealth(healthy=False, detail=f"its traffic split cannot be read: {fault}")
        holding = sorted(environment for environment, weight in weights.items() if weight > 0)
        if not holding:
            return DestinationHealth(healthy=False, detail="none of its environments holds traffic")
        core = self._core.in_region(region)
        looks = [await core.health(environment) for environment in holding]
        unwell = [look for look in looks if not look.healthy]
        told = unwell if unwell else looks
        return DestinationHealth(healthy=not unwell, detail="; ".join(look.detail for look in told))

    async def fit(self, region: str) -> float:
        """See Regions; of the environment with traffic that is worst off, 1 where no instances are known of."""
        sizes, split = self._sizes(region), self._traffic.get(region)
        if sizes is None or split is None:
            return 1.0
        weights = await split.read()
        states = [await sizes.look(environment) for environment, weight in weights.items() if weight > 0]
        return min((min(1.0, one.healthy / max(1, one.desired)) for one in states if one is not None), default=1.0)

    def payments_per_second(self) -> float | None:
        """See Regions: of the busiest ten seconds that are remembered, which were before the loss."""
        busy: Counter[int] = Counter()
        for row in self._payments():
            busy[row.second // BUSY_SECONDS] += row.succeeded + row.declined + row.failed
        return max(busy.values()) / BUSY_SECONDS if busy else None
