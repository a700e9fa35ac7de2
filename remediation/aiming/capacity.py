"""Finds the component that a finding is to scale, and to how many units, or says why there is none; pure."""

from collections.abc import Mapping

import msgspec

from checks.findings import Finding
from remediation.aiming.release import Miss
from remediation.decisions import Reason
from remediation.scaling.model import ScalingDecision, Source

SCALE_OUT = "scale.out"
"""The action that gives a component more units."""
SCALE_IN = "scale.in"
"""The action that takes units away which nobody needs."""
SCALE_SET = "scale.set"
"""The action by which a person gives a component as many units as they say."""
SCALE_ACTIONS = frozenset({SCALE_OUT, SCALE_IN, SCALE_SET})
SCALING_RULE = "scaling"
"""The rule of findings that come from deciding about capacity and from no file of rules."""
CAPACITY = "capacity"
"""The family of findings about capacity, which no file of rules has."""
UNITS = "units"
"""The key under which such a finding says how many there are to be."""


class CapacityAim(msgspec.Struct, frozen=True):
    """A component, and how many units it is to have. source: who wants it, as a decision about capacity says."""

    action: str
    region: str
    component: str
    units: int
    source: str

    @property
    def target(self) -> str:
        """What locks, cool-downs and the journal call it."""
        return target_of(self.region, self.component)

    @property
    def way(self) -> str:
        """What is done, in words that follow the numbers."""
        verb = {SCALE_OUT: "scales out", SCALE_IN: "scales in"}.get(self.action, "sets")
        return f"{verb} {self.component} in {self.region} to {self.units} units"

    @property
    def arguments(self) -> dict[str, str]:
        """What the action is given."""
        return {
            "region": self.region,
            "component": self.component,
            "units": str(self.units),
            "source": self.source,
        }


def target_of(region: str, component: str) -> str:
    """What locks, cool-downs and the journal call a component's capacity."""
    return f"scale:{region}/{component}"


def capacity_to_change(action: str, finding: Finding, known: Mapping[str, ScalingDecision]) -> CapacityAim | Miss:
    """What one of SCALE_ACTIONS does to the finding's component. known: the newest decision about each target.

    A rule of a file knows no number: its scale-out is one unit more than what was there, or what is on its way already.
    Misses: NO_SUBJECT, IN_EFFECT.
    """
    component = finding.component if finding.component else finding.key.get("component", "")
    region = finding.key.get("region", "")
    if finding.rule_id == SCALING_RULE and finding.key.get(UNITS, "").isdigit():
        last, units = known.get(target_of(region, component)), int(finding.key[UNITS])
        source = last.source.value if last is not None and last.target == units else Source.PERSON.value
        return CapacityAim(action, region, component, units, source)
    if not component:
        return Miss(Reason.NO_SUBJECT, f"neither the rule nor its key names a component to {action}")
    last = _newest(known, region, component)
    if last is None or last.current is None:
        return Miss(Reason.NO_SUBJECT, f"nothing was read of a component {component} yet, so its size is not known")
    region = last.target_name.removeprefix("scale:").partition("/")[0]
    if action != SCALE_OUT:
        return Miss(Reason.NO_SUBJECT, f"a rule says that {component} has too little, never how little is enough")
    if last.target > last.current:
        return Miss(Reason.IN_EFFECT, f"{component} is on its way from {last.current} to {last.target} units already")
    return CapacityAim(action, region, component, last.current + 1, Source.REACTIVE.value)


def _newest(known: Mapping[str, ScalingDecision], region: str, component: str) -> ScalingDecision | None:
    """Of the region, or of the only one that has such a component."""
    if region:
        return known.get(target_of(region, component))
    found = [one for one in known.values() if one.component == component]
    return found[0] if len(found) == 1 else None
