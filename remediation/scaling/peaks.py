"""Peaks that are known beforehand: when they are got ready for, when they end, what they ask for and allow."""

from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from config.calendars.peak import PeakPlan
from remediation.guardrails.wall_clock import instant_ms
from remediation.scaling.model import Component, Source
from remediation.scaling.needs import Need

PLANS_CACHED = 1024


class Peak(msgspec.Struct, frozen=True):
    """A plan on the time line, Unix milliseconds. from_ms: when its units are ordered. until_ms: excluded."""

    plan: PeakPlan
    from_ms: int
    starts_ms: int
    until_ms: int


def peaks(component: Component) -> tuple[Peak, ...]:
    """Every plan of the component, past ones too."""
    return tuple(_placed(plan) for plan in component.scaled.peaks)


def current(component: Component, now_ms: int) -> tuple[Peak, ...]:
    """The plans that hold now; they end by themselves."""
    return tuple(one for one in peaks(component) if one.from_ms <= now_ms < one.until_ms)


def need(component: Component, now_ms: int) -> Need | None:
    """The most that a plan of now asks for."""
    found = [
        Need(one.plan.min, Source.PEAK, f"{one.plan.name} {'warms up' if now_ms < one.starts_ms else 'is on'}")
        for one in current(component, now_ms)
    ]
    return max(found, key=lambda one: one.units, default=None)


def ceiling(component: Component, now_ms: int) -> int:
    """The most units that are allowed now: the component's max, or that of a plan."""
    allowed = [one.plan.max for one in current(component, now_ms) if one.plan.max is not None]
    return max(component.scaled.max, *allowed) if allowed else component.scaled.max


@lru_cache(maxsize=PLANS_CACHED)
def _placed(plan: PeakPlan) -> Peak:
    zone = ZoneInfo(plan.zone)
    starts_ms = instant_ms(plan.starts, zone)
    # An end that the clock shows twice is the second one: too long costs cents, too short turns payments away.
    return Peak(plan, starts_ms - round(plan.pre_warm * 1000), starts_ms, instant_ms(plan.ends, zone, later=True))
