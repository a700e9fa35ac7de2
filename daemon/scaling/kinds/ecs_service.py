"""The desired count of an ECS service, or the least that Application Auto Scaling leaves it."""

import re
from collections.abc import Mapping
from typing import Any

from config.scaling import EcsService
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.environments.scaling import require_room
from daemon.environments.service_looks import find_service, healthy_tasks
from daemon.scaling.kinds.managed import ManagedTarget
from remediation.errors import WorldRefused
from remediation.ports import Capacity

NAMESPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"
_SHORT = re.compile(r"unable to|has reached|limit|quota|insufficient|RESOURCE|capacity is unavailable", re.IGNORECASE)
"""What ECS says in the events of a service when its tasks do not start for want of room."""


class EcsServiceCapacity:
    """Scalable over one service: its tasks. In service are those that the load balancer finds healthy, if there is one.

    managed: its scalable target, where Application Auto Scaling sizes it; then its least is what is set.
    ecs, balancers, scaling: clients of the region.
    """

    def __init__(
        self, settings: EcsService, *, ecs: Aws, balancers: Aws, scaling: Aws, managed: ManagedTarget | None = None
    ) -> None:
        self._settings = settings
        self._ecs = ecs
        self._balancers = balancers
        self._scaling = scaling
        self._managed = managed

    async def read(self) -> Capacity:
        """See Scalable."""
        service = await self._service()
        in_service, said = await healthy_tasks(self._balancers, service), _short_of_room(service)
        if self._managed is None:
            return Capacity(desired=int(service["desiredCount"]), in_service=in_service, said=said)
        return Capacity(desired=await self._managed.least(), in_service=in_service, grows_by_itself=True, said=said)

    async def set(self, units: int, key: str) -> None:
        """See Scalable; ECS takes no key for this, the number is absolute."""
        del key
        if self._managed is not None:
            await self._managed.set_least(units)
            return
        service = await self._service()
        await require_room(self._scaling, NAMESPACE, resource_of(self._settings), DIMENSION, units)
        if int(service["desiredCount"]) != units:
            await ask(
                self._ecs,
                "update_service",
                cluster=self._settings.cluster,
                service=self._settings.service,
                desiredCount=units,
            )

    async def _service(self) -> Mapping[str, Any]:
        found = await find_service(self._ecs, self._settings.cluster, self._settings.service)
        if found is None:
            raise WorldRefused(f"There is no service {self._settings.service} in {self._settings.cluster}.")
        return found


def resource_of(settings: EcsService) -> str:
    """What Application Auto Scaling calls it."""
    return f"service/{settings.cluster}/{settings.service}"


def _short_of_room(service: Mapping[str, Any]) -> str:
    """Why tasks are missing, by the newest event that says so since the service was last steady; empty for none."""
    if int(service["runningCount"]) >= int(service["desiredCount"]):
        return ""
    for event in service.get("events", ()):
        message = str(event.get("message", ""))
        if "has reached a steady state" in message:
            return ""
        if _SHORT.search(message):
            return message
    return ""
