"""Gives all traffic back to the environment that a deployment replaces, by absolute DNS weights."""

import asyncio
from collections.abc import Mapping

from config.policy import TrafficPolicy
from remediation.errors import UnsafeWeights, WorldRefused
from remediation.ports import Destination, Disagreement, Look, Preflight, Traffic

ALL_PERCENT = 100


class RollbackTraffic:
    """The action ``rollback.traffic``. Arguments: from_environment loses all traffic, to_environment gets all.

    Refuses when the records are not exactly these two: a third one, or a second one of an environment, takes its share
    of whatever is written. Refuses when the destination is not healthy in every one of the policy's checks.
    """

    def __init__(self, traffic: Traffic, destination: Destination, policy: TrafficPolicy) -> None:
        self._traffic = traffic
        self._destination = destination
        self._policy = policy

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; before holds the weight of each record, or nothing where no single split was in effect."""
        wanted = _wanted(arguments)
        weights = await self._traffic.read()
        refusal = _wrong_records(weights, wanted)
        if refusal:
            return Preflight(refusal=refusal)
        if weights == wanted:
            return Preflight(already_done=True)
        before = {} if isinstance(weights, Disagreement) else {name: str(weight) for name, weight in weights.items()}
        return Preflight(refusal=await self._unhealthy(arguments["to_environment"]), before=before)

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._write(_wanted(arguments), key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when the records are exactly as wanted, and no others are there."""
        weights = await self._traffic.read()
        shown = ", ".join(f"{environment} {weight}" for environment, weight in sorted(weights.items()))
        return Look(in_effect=weights == _wanted(arguments), detail=f"weights are {shown}")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action; refuses to give traffic to an environment that is not healthy."""
        weights = {environment: int(weight) for environment, weight in before.items()}
        for environment in (name for name, weight in weights.items() if weight > 0):
            refusal = await self._unhealthy(environment)
            if refusal:
                raise WorldRefused(refusal)
        await self._write(weights, key)

    async def _write(self, weights: dict[str, int], key: str) -> None:
        # Route 53 serves all records equally when all weigh 0.
        if not any(weight > 0 for weight in weights.values()) or any(weight < 0 for weight in weights.values()):
            raise UnsafeWeights(f"weights {weights}")
        await self._traffic.write(weights, key)

    async def _unhealthy(self, environment: str) -> str:
        """Why the environment cannot take all the traffic, or nothing after enough healthy looks in a row."""
        checks = self._policy.destination_checks
        for check in range(1, checks + 1):
            try:
                async with asyncio.timeout(self._policy.destination_timeout):
                    health = await self._destination.health(environment)
            except TimeoutError:
                return (
                    f"{environment} did not answer check {check} of {checks} in {self._policy.destination_timeout:g} s"
                )
            if not health.healthy:
                return f"{environment} is not healthy in check {check} of {checks}: {health.detail}"
        return ""


def _wanted(arguments: Mapping[str, str]) -> dict[str, int]:
    return {arguments["to_environment"]: ALL_PERCENT, arguments["from_environment"]: 0}


def _wrong_records(weights: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    """Why these records are not the two that the action knows, or nothing."""
    missing = sorted(set(wanted) - set(weights))
    if missing:
        return f"there is no record for {', '.join(missing)}"
    strangers = sorted(set(weights) - set(wanted))
    if strangers:
        return f"the record set also holds {', '.join(strangers)}, which would keep a share of the traffic"
    return ""
