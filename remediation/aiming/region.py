"""Finds the region that a finding says is lost and where its traffic can go, or says why it stays; pure."""

import msgspec

from checks.findings import Finding
from config.policy import TrafficPolicy
from remediation.aiming.region_state import Regions, RegionSignal, RegionState
from remediation.aiming.release import Miss
from remediation.decisions import Reason

FAMILIES_NEEDED = 2
"""Families of rules that have to agree: what the daemon sees itself may be its own network that is lost."""


class RegionAim(msgspec.Struct, frozen=True):
    """A region to take all traffic away from. destinations: the regions that nothing is said against, sorted."""

    region: str
    destinations: tuple[str, ...]
    signals: tuple[str, ...]


def region_to_evacuate(finding: Finding, regions: Regions, policy: TrafficPolicy) -> RegionAim | Miss:
    """The region of the finding's key when two families of rules say that it is lost and another one is well.

    The finding counts, whether it is in the journal already or not. Misses: LAST_REGION, IN_EFFECT, UNCONFIRMED.
    """
    region = finding.key.get("region", "")
    if region not in policy.regions:
        told = "there is one region alone" if not policy.regions else f"{region!r} is no region of policy.yaml"
        return Miss(Reason.LAST_REGION, f"{told}, so there is nowhere to go")
    known = regions.get(region, RegionState())
    if known.evacuated_at_ms:
        return Miss(Reason.IN_EFFECT, f"the traffic of {region} was taken away; a person gives it back")
    signals = {**known.signals, finding.rule_id: RegionSignal(family=finding.family, at_ms=finding.at_ms)}
    if len({signal.family for signal in signals.values()}) < FAMILIES_NEEDED:
        return Miss(Reason.UNCONFIRMED, f"{', '.join(sorted(signals))} alone says so, and it may be wrong")
    destinations = tuple(sorted(other for other in policy.regions if other != region and _is_well(regions, other)))
    if not destinations:
        return Miss(Reason.LAST_REGION, f"every other region than {region} is lost or evacuated itself")
    return RegionAim(region, destinations, tuple(sorted(signals)))


def _is_well(regions: Regions, region: str) -> bool:
    known = regions.get(region, RegionState())
    return not known.signals and not known.evacuated_at_ms
