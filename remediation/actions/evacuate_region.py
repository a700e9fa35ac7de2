"""Takes all traffic away from a region that is lost, by absolute weights between the regions."""

from collections.abc import Mapping

from config.delivery.deployment import FULL_PERCENT
from config.policy import TrafficPolicy
from remediation.actions.proving import give_back, not_well, too_much
from remediation.actions.weights import kept, restored, shown, write
from remediation.errors import UnsafeWeights
from remediation.ports import Look, Preflight, Regions, Traffic


class EvacuateRegion:
    """The action ``evacuate.region``. Arguments: region loses all traffic; destinations, with commas, may take it.

    The destinations keep the weights that they have; where none has any, each gets the same. Refuses when the records
    are not exactly the regions of the policy, when a destination that would hold traffic is not well in every one of
    the policy's checks, and when one is not sized for what it would take. A person takes it back by ``reverse``.
    """

    def __init__(self, between: Traffic, regions: Regions, policy: TrafficPolicy) -> None:
        self._between = between
        self._regions = regions
        self._policy = policy

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; before holds the weight of each region."""
        weights = await self._between.read()
        # Also with a refusal: whoever takes it back looks whether this is again as it was.
        before = kept(weights)
        refusal = self._wrong_records(weights, arguments)
        if refusal:
            return Preflight(refusal=refusal, before=before)
        if _is_evacuated(weights, arguments):
            return Preflight(already_done=True)
        wanted = _wanted(weights, arguments)
        refusal = await too_much(wanted, self._regions, self._policy)
        for region in (one for one in _destinations(arguments) if wanted[one]):
            refusal = refusal or await not_well(region, self._regions.health, self._policy)
        return Preflight(refusal=refusal, before=before)

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        weights = await self._between.read()
        refusal = self._wrong_records(weights, arguments)
        if refusal:
            raise UnsafeWeights(refusal)
        await write(self._between, _wanted(weights, arguments), key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when the region weighs 0, a destination does not, and no other record is there."""
        weights = await self._between.read()
        right = not self._wrong_records(weights, arguments) and _is_evacuated(weights, arguments)
        return Look(in_effect=right, detail=f"weights are {shown(weights)}")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action; refuses to give traffic back to a region that is not well."""
        await give_back(self._between, restored(before), self._regions, self._policy, key)

    def _wrong_records(self, weights: Mapping[str, int], arguments: Mapping[str, str]) -> str:
        """Why the records are not the regions that the policy knows, or nothing."""
        if missing := sorted(set(self._policy.regions) - set(weights)):
            return f"there is no record for {', '.join(missing)}"
        if strangers := sorted(set(weights) - set(self._policy.regions)):
            return f"the record set also holds {', '.join(strangers)}, which would keep a share of the traffic"
        asked = {arguments["region"], *_destinations(arguments)}
        if unknown := sorted(asked - set(self._policy.regions)):
            return f"{', '.join(unknown)} is no region of the policy"
        return ""


def _destinations(arguments: Mapping[str, str]) -> list[str]:
    return [region for region in arguments["destinations"].split(",") if region]


def _is_evacuated(weights: Mapping[str, int], arguments: Mapping[str, str]) -> bool:
    taken = sum(weights.get(region, 0) for region in _destinations(arguments))
    return weights.get(arguments["region"], 0) == 0 and taken > 0


def _wanted(weights: Mapping[str, int], arguments: Mapping[str, str]) -> dict[str, int]:
    """The weights without the lost region; only a destination may hold traffic, and a third region's is let be."""
    wanted = dict(weights) | {arguments["region"]: 0}
    destinations = _destinations(arguments)
    if not any(wanted[region] for region in destinations):
        wanted |= dict.fromkeys(destinations, FULL_PERCENT)
    return wanted
