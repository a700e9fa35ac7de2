"""How many targets of a pool a target group sends requests to."""

from collections.abc import Iterable
from typing import Any

from config.scaling import AlbTargets
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from remediation.ports import Capacity

_LEAVING = frozenset({"draining", "unused"})


class TargetCapacity:
    """Scalable over one target group: the first so many of the pool are registered, the others drain.

    Only targets of the pool are registered or deregistered; what somebody else registered stays and is not counted.
    balancers: a client of elbv2.
    """

    def __init__(self, settings: AlbTargets, balancers: Aws) -> None:
        self._settings = settings
        self._aws = balancers

    async def read(self) -> Capacity:
        """See Scalable; in service are the healthy ones. A target that drains is asked for no more."""
        states = await self._states()
        registered = [target for target, state in states.items() if state["State"] not in _LEAVING]
        healthy = [target for target in registered if states[target]["State"] == "healthy"]
        wrong = [
            f"{target}: {states[target].get('Description') or states[target]['State']}"
            for target in registered
            if target not in healthy
        ]
        return Capacity(desired=len(registered), in_service=len(healthy), said="; ".join(wrong[:3]))

    async def set(self, units: int, key: str) -> None:
        """See Scalable; a load balancer takes no key. What is registered is registered again without harm."""
        del key
        states = await self._states()
        there = {target for target, state in states.items() if state["State"] not in _LEAVING}
        wanted = self._settings.pool[:units]
        missing = [target for target in wanted if target not in there]
        extra = [target for target in self._settings.pool[units:] if target in there]
        # First those that are to come: the group is never smaller than it was and will be.
        if missing:
            await self._change("register_targets", missing)
        if extra:
            await self._change("deregister_targets", extra)

    async def _change(self, operation: str, targets: Iterable[str]) -> None:
        named = [{"Id": target} for target in targets]
        await ask(self._aws, operation, TargetGroupArn=self._settings.target_group, Targets=named)

    async def _states(self) -> dict[str, dict[str, Any]]:
        """By target of the pool, in its order, what the balancer says of it; missing when it is not registered."""
        answer = await ask(self._aws, "describe_target_health", TargetGroupArn=self._settings.target_group)
        found = {str(one["Target"]["Id"]): one["TargetHealth"] for one in answer["TargetHealthDescriptions"]}
        return {target: found[target] for target in self._settings.pool if target in found}
