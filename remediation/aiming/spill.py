"""Which share of a full region's traffic goes to one with room, in absolute weights; pure."""

from collections.abc import Mapping

import msgspec

from checks.findings import Finding
from remediation.aiming.release import Miss
from remediation.decisions import Reason

SPILL_REGION = "spill.region"
"""The action that takes a part of its traffic from a region that is full and can grow no further."""
SPILL_RULE = "region-full"
"""The rule of findings that say so; it is in no file of rules."""
STEP_PERCENT = 25
"""Of the region's own weight at most goes at a time; what is seen then decides about more."""


class SpillAim(msgspec.Struct, frozen=True):
    """A full region, the one that takes over, and the weights of all before and after."""

    region: str
    to: str
    before: dict[str, int]
    after: dict[str, int]

    @property
    def way(self) -> str:
        """What is done, in words that follow the numbers."""
        moved = self.before.get(self.region, 0) - self.after.get(self.region, 0)
        return f"moves {moved} of {sum(self.before.values())} parts of the traffic from {self.region} to {self.to}"

    @property
    def arguments(self) -> dict[str, str]:
        """What the action is given."""
        return {
            "region": self.region,
            "to": self.to,
            "before": written(self.before),
            "after": written(self.after),
        }


def spilled(before: Mapping[str, int], region: str, to: str, have: int, need: int) -> dict[str, int]:
    """The weights with so much less for the region that what it has would do, and as much more for the other.

    have, need: its units, and those that its load asks for. The same weights when nothing can be moved.
    """
    weight = before.get(region, 0)
    if to not in before or need <= have or weight <= 1:
        return dict(before)
    too_much = -(-weight * (need - have) // need)
    moved = min(too_much, max(1, weight * STEP_PERCENT // 100))
    return {**before, region: weight - moved, to: before[to] + moved}


def region_to_relieve(finding: Finding) -> SpillAim | Miss:
    """What the finding says is to be moved. Misses: NO_SUBJECT."""
    region, to = finding.key.get("region", ""), finding.key.get("to", "")
    before, after = weights_of(finding.key.get("before", "")), weights_of(finding.key.get("after", ""))
    if not region or not to or before is None or after is None:
        return Miss(Reason.NO_SUBJECT, "nothing says which traffic goes where")
    return SpillAim(region, to, before, after)


def written(weights: Mapping[str, int]) -> str:
    """The weights as one line: ``us-east-1=75 us-west-2=125``."""
    return " ".join(f"{name}={weight}" for name, weight in sorted(weights.items()))


def weights_of(text: str) -> dict[str, int] | None:
    """The weights of such a line; None when it is none."""
    pairs = [part.partition("=") for part in text.split()]
    if not pairs or not all(name and number.isdigit() for name, _, number in pairs):
        return None
    return {name: int(number) for name, _, number in pairs}
