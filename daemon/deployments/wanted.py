"""What somebody asks of a deployment, and what of it could never be done; pure."""

import re

import msgspec

from config.delivery.names import VERSION
from daemon.deployments.refusals import Refusal, Refused
from remediation.deployment.cohort import cohort_of
from remediation.deployment.plan import Strategy


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for. regions: empty for those of deployment.yaml. See ``Request`` for the rest."""

    version: str
    strategy: Strategy
    regions: tuple[str, ...] = ()
    reason: str = ""
    cohort: str = ""
    force: bool = False
    differential: bool = False


class Possible(msgspec.Struct, frozen=True, kw_only=True):
    """What can be done here.

    regions: whose traffic can be moved. cohorts: those that can route one. batches: instances replaced some at a time.
    """

    regions: tuple[str, ...]
    cohorts: tuple[str, ...] = ()
    batches: bool = False


def malformed(wanted: Wanted, regions: tuple[str, ...], possible: Possible) -> Refused | None:
    """The first thing that makes it impossible, whatever stands in the world. regions: those that are meant."""
    if re.fullmatch(VERSION, wanted.version) is None:
        detail = f"{wanted.version!r:.60} is no version; write three numbers, such as 2.0.0"
        return Refused(refusal=Refusal.BAD_VERSION, detail=detail)
    strangers = sorted(set(regions) - set(possible.regions))
    if strangers or len(set(regions)) < len(regions):
        what = f"{', '.join(strangers)} has no traffic that can be moved" if strangers else "a region is named twice"
        return Refused(refusal=Refusal.BAD_REGION, detail=f"{what}; known: {', '.join(possible.regions)}")
    if wanted.cohort and cohort_of(wanted.cohort) is None:
        detail = f"{wanted.cohort!r:.60} is no cohort; write merchant=mer_12 or header=x-canary:1"
        return Refused(refusal=Refusal.BAD_COHORT, detail=detail)
    return _impossible(wanted, regions, possible)


def _impossible(wanted: Wanted, regions: tuple[str, ...], possible: Possible) -> Refused | None:
    unrouted = [region for region in regions if region not in possible.cohorts]
    if wanted.cohort and unrouted:
        detail = f"what splits the traffic of {', '.join(unrouted)} routes no cohort; leave it out, or give it a rule"
        return Refused(refusal=Refusal.NOT_POSSIBLE_HERE, detail=detail)
    if wanted.cohort and wanted.strategy is Strategy.ROLLING:
        detail = "rolling replaces the one environment, so there is no other to route a cohort to; leave it out"
        return Refused(refusal=Refusal.NOT_POSSIBLE_HERE, detail=detail)
    if wanted.strategy is Strategy.ROLLING and not possible.batches:
        detail = "the environments here cannot be replaced in batches; use blue-green or canary"
        return Refused(refusal=Refusal.NOT_POSSIBLE_HERE, detail=detail)
    return None
