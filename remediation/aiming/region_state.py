"""What says that a region is lost, and whether its traffic was taken away: a fold over findings and outcomes; pure."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from checks.findings import Finding, State
from remediation.bounded import bounded
from remediation.decisions import IN_EFFECT, OutcomeStatus

EVACUATE_REGION = "evacuate.region"
"""The action that takes all traffic away from a region."""
REGIONS_MAX = 32
"""Regions that are kept by name; the name comes with the facts, so it needs a bound."""


class RegionSignal(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is in breach about the region. family: whose telemetry it rests on. at_ms: event time."""

    family: str
    at_ms: int


class RegionState(msgspec.Struct, frozen=True, kw_only=True):
    """One region. signals: by rule. evacuated_at_ms: when its traffic was taken away; 0 while it may have some.

    Evacuated ends when no rule says any longer that the region is lost: it answers, and payments flow there again.
    """

    signals: dict[str, RegionSignal] = {}
    evacuated_at_ms: int = 0


Regions = Mapping[str, RegionState]


def with_signal(regions: Regions, finding: Finding) -> dict[str, RegionState]:
    """The regions after a finding of a rule that may evacuate one; the same after any other finding."""
    region = finding.key.get("region", "")
    if EVACUATE_REGION not in finding.do or not region or finding.mode != "enforce":
        return dict(regions)
    known = regions.get(region, RegionState())
    signals = {rule: signal for rule, signal in known.signals.items() if rule != finding.rule_id}
    if finding.state is State.BREACHED:
        signals[finding.rule_id] = RegionSignal(family=finding.family, at_ms=finding.at_ms)
    evacuated_at_ms = known.evacuated_at_ms if signals else 0
    return _with(regions, region, replace(known, signals=signals, evacuated_at_ms=evacuated_at_ms))


def with_evacuation(
    regions: Regions, action: str, arguments: Mapping[str, str], status: OutcomeStatus, at_ms: int
) -> dict[str, RegionState]:
    """The regions after the outcome of an action; the same after the outcome of any other action."""
    region = arguments.get("region", "")
    if action != EVACUATE_REGION or status not in IN_EFFECT or not region:
        return dict(regions)
    return _with(regions, region, replace(regions.get(region, RegionState()), evacuated_at_ms=at_ms))


def _with(regions: Regions, region: str, changed: RegionState) -> dict[str, RegionState]:
    return bounded({**regions, region: changed}, REGIONS_MAX, lambda one: not one.signals and not one.evacuated_at_ms)
