"""A target that Application Auto Scaling sizes by itself: decisions raise and lower the least that it leaves there."""

from typing import Any

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from remediation.errors import WorldRefused


class ManagedTarget:
    """One registered scalable target. Its policies stay at work between the least and the most.

    namespace, resource, dimension: as Application Auto Scaling names it: ``ecs``, ``service/till/till-core``,
    ``ecs:service:DesiredCount``.
    """

    def __init__(self, scaling: Aws, namespace: str, resource: str, dimension: str) -> None:
        self._scaling = scaling
        self.namespace = namespace
        self.resource = resource
        self.dimension = dimension

    @property
    def named(self) -> dict[str, str]:
        """What every call about it begins with."""
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource,
            "ScalableDimension": self.dimension,
        }

    async def limits(self) -> tuple[int, int] | None:
        """The least and the most; None while it is not registered."""
        found = await self._registered()
        return None if found is None else (int(found["MinCapacity"]), int(found["MaxCapacity"]))

    async def least(self) -> int:
        """The least. Raises WorldRefused while it is not registered."""
        limits = await self.limits()
        if limits is None:
            raise WorldRefused(f"{self.resource} is no scalable target yet; it is registered at the next look.")
        return limits[0]

    async def set_least(self, units: int) -> None:
        """Let it have no less than this; a most that is lower goes up with it. Raises as ``least`` does."""
        limits = await self.limits()
        if limits is None:
            raise WorldRefused(f"{self.resource} is no scalable target yet; it is registered at the next look.")
        if limits[0] != units:
            await self.register(units, max(units, limits[1]))

    async def register(self, least: int, most: int) -> None:
        """Let it have between so many and so many; what is registered already is changed."""
        await ask(self._scaling, "register_scalable_target", **self.named, MinCapacity=least, MaxCapacity=most)

    async def _registered(self) -> dict[str, Any] | None:
        answer = await ask(
            self._scaling,
            "describe_scalable_targets",
            ServiceNamespace=self.namespace,
            ResourceIds=[self.resource],
            ScalableDimension=self.dimension,
        )
        found: list[dict[str, Any]] = answer.get("ScalableTargets", [])
        return found[0] if found else None
