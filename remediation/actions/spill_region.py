"""Takes a part of its traffic from a region that is full, by absolute weights between the regions."""

from collections.abc import Mapping

from config.policy import TrafficPolicy
from remediation.actions.proving import give_back, not_well, too_much
from remediation.actions.weights import kept, restored, shown, write
from remediation.aiming.spill import weights_of
from remediation.errors import UnsafeWeights
from remediation.ports import Look, Preflight, Regions, Traffic


class SpillRegion:
    """The action ``spill.region``. Arguments: region, to; before and after, as ``us-east-1=75 us-west-2=125``.

    Refuses when the weights are no longer those that it was decided on, when the region that takes over is not well in
    every one of the policy's checks, and when it is not sized for what it would take.
    """

    def __init__(self, between: Traffic, regions: Regions, policy: TrafficPolicy) -> None:
        self._between = between
        self._regions = regions
        self._policy = policy

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; before holds the weight of each region."""
        weights = await self._between.read()
        before = kept(weights)
        wanted = _wanted(arguments)
        if weights == wanted:
            return Preflight(already_done=True, before=before)
        if weights != weights_of(arguments["before"]):
            return Preflight(refusal=f"the weights were changed since it was decided: {shown(weights)}", before=before)
        if strangers := sorted(set(wanted) ^ set(self._policy.regions)):
            return Preflight(refusal=f"{', '.join(strangers)} is not both a record and a region of the policy")
        refusal = await too_much(wanted, self._regions, self._policy)
        refusal = refusal or await not_well(arguments["to"], self._regions.health, self._policy)
        return Preflight(refusal=refusal, before=before)

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await write(self._between, _wanted(arguments), key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when the weights are exactly as wanted."""
        weights = await self._between.read()
        return Look(in_effect=weights == _wanted(arguments), detail=f"weights are {shown(weights)}")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action; refuses to give traffic back to a region that is not well."""
        await give_back(self._between, restored(before), self._regions, self._policy, key)


def _wanted(arguments: Mapping[str, str]) -> dict[str, int]:
    wanted = weights_of(arguments["after"])
    if wanted is None:
        raise UnsafeWeights(f"{arguments['after']!r} are no weights")
    return wanted
