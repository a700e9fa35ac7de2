"""How far a component may go now: its max, the caps, the savings, and what an emergency adds to them."""

from collections.abc import Sequence

import msgspec

from config.scaling import MICRODOLLARS_PER_CENT, Scaling
from remediation.scaling import costs, peaks
from remediation.scaling.bookkeeping import in_emergency
from remediation.scaling.emergency import may_begin
from remediation.scaling.model import Book, Component, Reading, ScalingReason


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """The most units that are allowed, and what holds it there; reason is WANTED when nothing does.

    begins_emergency: it takes one to get there, and one may begin. breaks_savings: it costs more than the savings that
    were promised leave, and is allowed all the same. cap_microdollars: the cap of the hour that it is held to. by_all:
    it is that of all components together, of which the others leave so much.
    """

    units: int
    reason: ScalingReason
    cap_microdollars: int
    begins_emergency: bool = False
    breaks_savings: bool = False
    by_all: bool = False


def ceiling(component: Component, book: Book, now_ms: int) -> int:
    """The most units that the configuration allows at this moment, emergencies and peaks included."""
    most = peaks.ceiling(component, now_ms)
    emergency = component.scaled.emergency
    if emergency is not None and in_emergency(book, component, now_ms):
        return max(most, emergency.max)
    return most


def limit(
    component: Component, readings: Sequence[Reading], book: Book, policy: Scaling, wanted: int, now_ms: int
) -> Limit:
    """How many of the wanted units are allowed. Whoever wants more is never allowed less.

    readings: oldest first, the newest of them with `desired`. Savings and the cap of all components hold what grows;
    they take nothing away, because it is not this component that has changed when they are passed.
    """
    most = ceiling(component, book, now_ms)
    present = readings[-1].desired
    allowing = _Allowing(component, book, policy, now_ms, 0 if present is None else present)
    usual = allowing.allowed(min(wanted, most), costs.raised_caps(component, book))
    if usual.units >= wanted:
        return usual
    if usual.units == most:
        usual = msgspec.structs.replace(usual, reason=ScalingReason.AT_MAX)
    emergency = component.scaled.emergency
    if emergency is None or not may_begin(component, readings, book, max(0, usual.units), now_ms):
        return usual
    raised = costs.raised_caps(component, book, begins_ms=now_ms)
    more = allowing.allowed(min(wanted, max(most, emergency.max)), raised)
    if more.units <= usual.units:
        return usual
    held = ScalingReason.AT_MAX if more.units < wanted and more.reason is ScalingReason.WANTED else more.reason
    return msgspec.structs.replace(more, reason=held, begins_emergency=True)


class _Allowing(msgspec.Struct, frozen=True):
    """What can be paid for. present: units that are there."""

    component: Component
    book: Book
    policy: Scaling
    now_ms: int
    present: int

    def allowed(self, units: int, raised: tuple[costs.Raised, ...]) -> Limit:
        """How many of these units."""
        component, book, policy = self.component, self.book, self.policy
        cap = costs.cap_microdollars(component, raised, self.now_ms)
        alone = costs.affordable(component, book, raised, units, self.now_ms)
        paid = min(alone, max(self.present, costs.within_total(component, book, policy, alone)))
        if paid < alone and policy.hourly_cap_cents is not None:
            cap = policy.hourly_cap_cents * MICRODOLLARS_PER_CENT
        saving = min(paid, max(self.present, costs.within_savings(component, book, policy, paid)))
        if saving < paid and policy.savings.breach == "refuse":
            return Limit(units=saving, reason=ScalingReason.SAVINGS, cap_microdollars=cap)
        reason = ScalingReason.WANTED if paid == units else ScalingReason.COST_CAP
        return Limit(units=paid, reason=reason, cap_microdollars=cap, breaks_savings=saving < paid, by_all=paid < alone)
