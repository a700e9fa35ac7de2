"""Gives all traffic back to the environment that a deployment replaces, by absolute DNS weights."""

from collections.abc import Mapping
from typing import Protocol

from config.delivery.deployment import FULL_PERCENT
from config.policy import TrafficPolicy
from remediation.actions.proving import not_well
from remediation.actions.weights import kept, restored, shown, write
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused
from remediation.ports import Destination, Disagreement, Look, Preflight, Traffic

MOSTLY_PERCENT = 80
"""Whoever carries so much gets a quarter more at most: that is no reason to leave payments on a bad release."""


class Sizes(Protocol):
    """Tells how large the environments of one region are. Raises WorldUnreachable (unknown) or WorldRefused."""

    async def look(self, environment: str) -> EnvironmentState | None:
        """What is there now; None when the environment does not exist."""


class RollbackTraffic:
    """The action ``rollback.traffic``. Arguments: from_environment loses all traffic, to_environment gets all.

    Refuses when the records are not exactly these two: a third one, or a second one of an environment, takes its share
    of whatever is written. Refuses when the destination is not healthy in every one of the policy's checks, or has
    fewer healthy instances than the argument ``instances`` says, which a deployment of ours has from its plan; without
    it, than it is meant to have. sizes: None where no instances are known of.
    """

    def __init__(
        self, traffic: Traffic, destination: Destination, policy: TrafficPolicy, sizes: Sizes | None = None
    ) -> None:
        self._traffic = traffic
        self._destination = destination
        self._policy = policy
        self._sizes = sizes

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; before holds the weight of each record, or nothing where no single split was in effect."""
        wanted = _wanted(arguments)
        weights = await self._traffic.read()
        refusal = _wrong_records(weights, wanted)
        if refusal:
            return Preflight(refusal=refusal)
        if weights == wanted:
            return Preflight(already_done=True)
        before = {} if isinstance(weights, Disagreement) else kept(weights)
        refusal = await self._unhealthy(arguments["to_environment"]) or await self._too_small(arguments, weights)
        return Preflight(refusal=refusal, before=before)

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await write(self._traffic, _wanted(arguments), key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when the records are exactly as wanted, and no others are there."""
        weights = await self._traffic.read()
        return Look(in_effect=weights == _wanted(arguments), detail=f"weights are {shown(weights)}")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action; refuses to give traffic to an environment that is not healthy."""
        weights = restored(before)
        for environment in (name for name, weight in weights.items() if weight > 0):
            refusal = await self._unhealthy(environment)
            if refusal:
                raise WorldRefused(refusal)
        await write(self._traffic, weights, key)

    async def _unhealthy(self, environment: str) -> str:
        return await not_well(environment, self._destination.health, self._policy)

    async def _too_small(self, arguments: Mapping[str, str], weights: Mapping[str, int]) -> str:
        """Why the environment has too few instances for all the traffic, or nothing."""
        environment, planned = arguments["to_environment"], int(arguments.get("instances", "0"))
        carries_percent = weights[environment] * FULL_PERCENT // max(1, sum(weights.values()))
        if self._sizes is None or carries_percent >= MOSTLY_PERCENT:
            return ""
        try:
            state = await self._sizes.look(environment)
        except WorldRefused as fault:
            return str(fault) if planned else ""
        if state is None:
            return f"{environment} is not there" if planned else ""
        needed = max(1, planned if planned else state.desired)
        if state.healthy >= needed:
            return ""
        return (
            f"{environment} is too small for all of the traffic: {state.healthy} healthy instances, {needed} are needed"
        )


def _wanted(arguments: Mapping[str, str]) -> dict[str, int]:
    return {arguments["to_environment"]: FULL_PERCENT, arguments["from_environment"]: 0}


def _wrong_records(weights: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    """Why these records are not the two that the action knows, or nothing."""
    missing = sorted(set(wanted) - set(weights))
    if missing:
        return f"there is no record for {', '.join(missing)}"
    strangers = sorted(set(weights) - set(wanted))
    if strangers:
        return f"the record set also holds {', '.join(strangers)}, which would keep a share of the traffic"
    return ""
