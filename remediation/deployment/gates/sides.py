"""Whose payment it was: of the version that takes over, of the one it replaces, or of neither."""

import msgspec

from checks.facts import Fact
from config.delivery.deployment import FULL_PERCENT
from remediation.deployment.plan import WATCHES, Plan, Step

FULL = str(FULL_PERCENT)


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One version where it runs."""

    environment: str
    version: str


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """The two versions of one region. Both run in one environment when instances are replaced one after the other.

    is_compared: whether the old version takes payments beside the new one, drawn like its own, so that a difference
    is the release's. Not at 100 percent, not before a watch has begun, and not with a cohort that somebody picked.
    """

    region: str
    new: Release
    old: Release
    is_compared: bool = True

    def is_new(self, fact: Fact) -> bool | None:
        """True for the new version's, False for the old one's, None for anybody else's."""
        if fact.region != self.region:
            return None
        if fact.environment == self.new.environment and fact.version == self.new.version:
            return True
        if fact.environment == self.old.environment and fact.version == self.old.version:
            return False
        return None


def sides_of(plan: Plan, step: Step) -> Sides | None:
    """Which versions a step is about, by its arguments or else its plan; None when neither names them."""
    standing = plan.standing_in(step.region)
    if standing is None:
        return None
    named = step.arguments
    if "other" in named:
        new = Release(environment=named["environment"], version=named["version"])
        old = Release(environment=named["other"], version=named["other_version"])
    else:
        new = Release(environment=standing.spare, version=plan.request.version)
        old = Release(environment=standing.environment, version=standing.version)
    is_compared = step.kind in WATCHES and named.get("percent") != FULL and not plan.request.cohort
    return Sides(region=step.region, new=new, old=old, is_compared=is_compared)
