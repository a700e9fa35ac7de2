"""How many units a component is to have, and the one reason for it: a pure function of what was seen, and of now."""

from collections.abc import Sequence

import msgspec

from config.scaling import DynamoDbTable, Scaling
from remediation.scaling import peaks, predictive, reactive, scheduled
from remediation.scaling.bookkeeping import in_emergency, is_pending
from remediation.scaling.emergency import is_pressed
from remediation.scaling.limits import Limit, limit
from remediation.scaling.model import (
    Book,
    Component,
    Direction,
    Reading,
    ScalingDecision,
    ScalingReason,
    Source,
)
from remediation.scaling.needs import Need, dollars, whole_units

_PRECEDENCE = tuple(Source)


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """What one decision is made from. newest: of the readings, with `desired`, which is `current`."""

    component: Component
    readings: Sequence[Reading]
    newest: Reading
    current: int
    book: Book
    policy: Scaling
    now_ms: int
    needs: tuple[Need, ...]

    @property
    def wanted(self) -> Need:
        """The most that is asked for; a person's word goes before everything."""
        pin = self.book.pin
        if pin is not None and self.now_ms < pin.until_ms:
            return Need(pin.units, Source.PERSON, f"{pin.by} set it: {pin.why}")
        return min(self.needs, key=lambda one: (-one.units, _PRECEDENCE.index(one.source)))


def decide(
    component: Component, readings: Sequence[Reading], book: Book, policy: Scaling, now_ms: int
) -> ScalingDecision:
    """The component's units from now on. readings: oldest first, of ``cool_down.scale_in`` and ``stale`` at least.

    It takes the most of what is asked for, held by max, caps and savings. What cannot be told takes nothing away.
    """
    newest = _newest(readings, policy, now_ms)
    current = None if newest is None else newest.desired
    if newest is None or current is None:
        return _unknown(component, book, now_ms)
    case = _Case(
        component=component,
        readings=readings,
        newest=newest,
        current=current,
        book=book,
        policy=policy,
        now_ms=now_ms,
        needs=_needs(component, newest, book, now_ms),
    )
    if isinstance(component.scaled, DynamoDbTable) and component.scaled.mode == "on_demand":
        pressed = is_pressed(newest)
        words = "AWS sizes it" + (f", and turned {newest.throttled} requests away" if pressed else "")
        return _made(case, current, ScalingReason.ON_DEMAND, words=words, page=pressed)
    wanted = max(case.wanted.units, component.scaled.min)
    allowed = limit(component, readings, book, policy, max(wanted, current), now_ms)
    if allowed.units < current:
        return _forced(case, allowed)
    return _out(case, allowed, wanted) if wanted > current else _in(case, wanted)


def _newest(readings: Sequence[Reading], policy: Scaling, now_ms: int) -> Reading | None:
    if not readings or now_ms - readings[-1].at_ms > round(policy.stale * 1000):
        return None
    return readings[-1]


def _needs(component: Component, newest: Reading, book: Book, now_ms: int) -> tuple[Need, ...]:
    """Everything that asks for units; the component's min is asked for always."""
    found = (
        Need(component.scaled.min, Source.SCHEDULED, f"min is {component.scaled.min}"),
        reactive.need(component, newest),
        peaks.need(component, now_ms),
        scheduled.need(component, now_ms),
        predictive.need(component, book),
    )
    return tuple(one for one in found if one is not None)


def _out(case: _Case, allowed: Limit, wanted: int) -> ScalingDecision:
    """More is asked for than there is."""
    target, source = max(case.current, allowed.units), case.wanted.source
    if allowed.begins_emergency or (source is Source.REACTIVE and in_emergency(case.book, case.component, case.now_ms)):
        source = Source.EMERGENCY
    words = f"{case.wanted.words}, which asks for {wanted}"
    load = reactive.need(case.component, case.newest)
    page = allowed.begins_emergency or allowed.breaks_savings or (load is not None and load.units > target)
    page = page or allowed.reason in {ScalingReason.COST_CAP, ScalingReason.SAVINGS}
    if target < wanted:
        words = f"{words}; {_held(case, allowed)}"
    if target == case.current:
        return _made(case, target, allowed.reason, source=source, words=words, page=page)
    waits_ms = _waits_ms(case, case.component.scaled.cool_down.scale_out, Direction.OUT)
    if waits_ms and not allowed.begins_emergency and source is not Source.PERSON:
        words = f"{words}; {waits_ms / 1000:.0f} s of the cool-down have to pass"
        return _made(case, case.current, ScalingReason.COOLING_DOWN, source=source, words=words)
    if allowed.breaks_savings:
        words = f"{words}; the promised savings leave {_savings(case)} an hour, less than this"
    return _made(case, target, allowed.reason, source=source, words=words, page=page)


def _in(case: _Case, wanted: int) -> ScalingDecision:
    """Less is asked for now, or just as much; whether some may go."""
    if case.wanted.source is Source.PERSON:
        return _enough(case) if wanted == case.current else _taken(case, wanted, ScalingReason.WANTED)
    if wanted == case.current and reactive.need(case.component, case.newest) is not None:
        return _enough(case)
    quiet = reactive.quiet_need(
        case.component, case.readings, case.now_ms, stale_seconds=case.policy.stale, enough=case.current
    )
    if quiet is None:
        words = f"the load of the last {case.component.scaled.cool_down.scale_in:g} s is not known without a gap"
        return _made(case, case.current, ScalingReason.NO_DATA, words=words)
    target = max(wanted, quiet.units)
    if target >= case.current:
        return _enough(case, quiet)
    kept = _kept(case)
    if kept is not None:
        return _made(case, case.current, kept[0], words=f"{target} would do; {kept[1]}")
    return _taken(case, target, ScalingReason.QUIET, quiet)


def _kept(case: _Case) -> tuple[ScalingReason, str] | None:
    """Why nothing is taken away now although less would do."""
    if case.book.rollout:
        return ScalingReason.ROLLOUT, f"{case.book.rollout} is being rolled out"
    pending = case.book.pending
    if pending is not None and is_pending(case.book, case.component, case.now_ms):
        return ScalingReason.IN_PROGRESS, f"the order of {pending.after} is not seen in the world yet"
    waits_ms = _waits_ms(case, case.component.scaled.cool_down.scale_in, None)
    if waits_ms:
        return ScalingReason.COOLING_DOWN, f"{waits_ms / 1000:.0f} s of the cool-down have to pass"
    return None


def _taken(case: _Case, target: int, reason: ScalingReason, quiet: Need | None = None) -> ScalingDecision:
    """Units go, down to what the work that has begun needs."""
    floor = _in_flight_floor(case)
    if floor is None:
        words = f"{target} would do, and nobody knows how much work has begun"
        return _made(case, case.current, ScalingReason.NO_DATA, words=words)
    if max(target, floor) >= case.current:
        words = f"{target} would do, and {case.newest.in_flight} requests in flight need {floor}"
        return _made(case, case.current, ScalingReason.IN_FLIGHT, words=words)
    because = case.wanted.words if quiet is None or quiet.units < target else f"lately at most {quiet.words}"
    return _made(case, max(target, floor), reason, words=because)


def _forced(case: _Case, allowed: Limit) -> ScalingDecision:
    """There are more than are allowed: a peak or an emergency is over, or somebody else added units.

    Units that drain end what they have begun, so they may go busy; where nothing drains, they have to be idle.
    """
    scaled, why = case.component.scaled, _held(case, allowed)
    floor = 0 if scaled.unit.drain else _in_flight_floor(case)
    if floor is None:
        words = f"{why}; nobody knows how much work has begun, so nothing goes"
        return _made(case, case.current, ScalingReason.NO_DATA, words=words, page=True)
    target = min(case.current, max(allowed.units, scaled.min, floor))
    if target == case.current:
        words = f"{why}; {case.newest.in_flight} requests in flight need {floor}, so nothing goes"
        reason = ScalingReason.IN_FLIGHT if floor > scaled.min else ScalingReason.OVER_CAP
        return _made(case, target, reason, words=words if floor > scaled.min else f"{why}; it is at min", page=True)
    reason = ScalingReason.AT_MAX if allowed.reason is ScalingReason.AT_MAX else ScalingReason.OVER_CAP
    return _made(case, target, reason, words=why, page=True)


def _enough(case: _Case, quiet: Need | None = None) -> ScalingDecision:
    words = case.wanted.words if quiet is None else f"{case.wanted.words}; lately {quiet.words} needed {quiet.units}"
    return _made(case, case.current, ScalingReason.ENOUGH, words=words)


def _in_flight_floor(case: _Case) -> int | None:
    """The units that the work which has begun fills; None when that is asked for and not known."""
    per_unit, in_flight = case.component.scaled.unit.concurrency, case.newest.in_flight
    if in_flight is None:
        return 0 if per_unit is None else None
    return whole_units(in_flight / (1 if per_unit is None else per_unit))


def _waits_ms(case: _Case, seconds: float, direction: Direction | None) -> int:
    """What is left of a cool-down since the last change of that direction, or of any; 0 when nothing is."""
    made = [one.at_ms for one in case.book.changes if direction is None or one.direction is direction]
    return max(0, max(made) + round(seconds * 1000) - case.now_ms) if made else 0


def _held(case: _Case, allowed: Limit) -> str:
    """What holds it, with the dollars."""
    cap, units = dollars(allowed.cap_microdollars), max(0, allowed.units)
    match allowed.reason:
        case ScalingReason.AT_MAX:
            return f"at most {units} are allowed"
        case ScalingReason.SAVINGS:
            return f"the promised savings leave {_savings(case)} an hour, enough for {units}"
        case _ if allowed.by_all:
            others = dollars(case.book.others_microdollars_per_hour)
            return f"the others cost {others} of the {cap} an hour for all, which leaves {units}"
        case _:
            return f"the cap of {cap} an hour is enough for {units}"


def _savings(case: _Case) -> str:
    volume = case.book.volume_cents_per_hour
    return dollars(case.policy.savings.allowed_microdollars(0 if volume is None else volume))


def _spill(case: _Case, target: int) -> str:
    """The region that takes new load: this one is full, and nothing more is on its way."""
    spill = case.component.scaled.spill
    load = reactive.load_units(case.component, case.newest)
    if spill is None or load is None or target > case.current or case.wanted.units <= case.current:
        return ""
    return spill.to if load * 100 >= case.current * spill.above_percent else ""


def _made(
    case: _Case,
    target: int,
    reason: ScalingReason,
    *,
    words: str,
    source: Source | None = None,
    page: bool = False,
) -> ScalingDecision:
    price = case.component.scaled.unit.hour_microdollars
    before, after = case.current * price, target * price
    direction = Direction.NONE
    if target != case.current:
        direction = Direction.OUT if target > case.current else Direction.IN
    held = reason in {ScalingReason.AT_MAX, ScalingReason.COST_CAP, ScalingReason.SAVINGS}
    moved = f"{case.current} units" if target == case.current else f"{case.current} -> {target} units"
    cost = f"{dollars(after)} an hour" if before == after else f"{dollars(before)} -> {dollars(after)} an hour"
    return ScalingDecision(
        component=case.component.name,
        target_name=case.component.target,
        at_ms=case.now_ms,
        current=case.current,
        wanted=case.wanted.units,
        target=target,
        direction=direction,
        reason=reason,
        source=case.wanted.source if source is None else source,
        hourly_before_microdollars=before,
        hourly_after_microdollars=after,
        page=page,
        spill_to=_spill(case, target) if held else "",
        words=f"{moved}, {cost}: {words}",
    )


def _unknown(component: Component, book: Book, now_ms: int) -> ScalingDecision:
    """Nobody knows how many units there are, so nothing is changed; what was ordered last stands."""
    units = sum(one.units for one in book.spells if not one.until_ms)
    cost = units * component.scaled.unit.hour_microdollars
    return ScalingDecision(
        component=component.name,
        target_name=component.target,
        at_ms=now_ms,
        current=None,
        wanted=units,
        target=units,
        direction=Direction.NONE,
        reason=ScalingReason.NO_DATA,
        source=Source.REACTIVE,
        hourly_before_microdollars=cost,
        hourly_after_microdollars=cost,
        words=f"nobody has seen lately how many units {component.target} has: everything stays",
    )
