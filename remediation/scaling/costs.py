"""How many units can be paid for: the cap over any hour, that of all components, and the savings that were promised."""

from collections.abc import Iterator

import msgspec

from config.scaling import MICRODOLLARS_PER_CENT, Scaling
from remediation.scaling import peaks
from remediation.scaling.bookkeeping import HOUR_MS, resized
from remediation.scaling.model import Book, Component, Spell


class Raised(msgspec.Struct, frozen=True):
    """A time with a cap of its own, in place of the usual one. until_ms: when its units have drained, too."""

    from_ms: int
    ends_ms: int
    until_ms: int
    cap_microdollars: int


def raised_caps(component: Component, book: Book, *, begins_ms: int | None = None) -> tuple[Raised, ...]:
    """Peaks and emergencies that allow more than usual. begins_ms: as if an emergency began then."""
    drain_ms = round(component.scaled.unit.drain * 1000)
    found = [
        Raised(one.from_ms, one.until_ms, one.until_ms + drain_ms, one.plan.hourly_cap_cents * MICRODOLLARS_PER_CENT)
        for one in peaks.peaks(component)
        if one.plan.hourly_cap_cents is not None
    ]
    emergency = component.scaled.emergency
    if emergency is not None:
        cap, lasts_ms = emergency.hourly_cap_cents * MICRODOLLARS_PER_CENT, round(emergency.lasts * 1000)
        starts = [one for one in (book.emergency_ms, begins_ms) if one]
        found += [Raised(one, one + lasts_ms, one + lasts_ms + drain_ms, cap) for one in starts]
    return tuple(found)


def cap_microdollars(component: Component, raised: tuple[Raised, ...], at_ms: int) -> int:
    """The highest cap that was in force in the hour that ends at this moment, the moment itself included."""
    within = [one.cap_microdollars for one in raised if one.from_ms <= at_ms and one.until_ms > at_ms - HOUR_MS]
    return max(component.scaled.cap_microdollars, *within) if within else component.scaled.cap_microdollars


def spent_microdollars(component: Component, spells: tuple[Spell, ...], at_ms: int) -> int:
    """What was spent in the hour that ends at this moment, rounded up."""
    return -(-_unit_ms(spells, at_ms) * component.scaled.unit.hour_microdollars // HOUR_MS)


def is_affordable(component: Component, book: Book, raised: tuple[Raised, ...], units: int, now_ms: int) -> bool:
    """Whether no hour would cost more than its cap if there were so many units from now on, for good.

    For good, because nobody can promise that fewer will do later. So what was affordable once stays so, whatever comes,
    but for the end of a peak or an emergency: then units go. What drains, and what was spent before, is counted.
    """
    unit = component.scaled.unit
    spells = resized(book.spells, units, now_ms, round(unit.drain * 1000))
    if sum(one.units for one in spells) * unit.hour_microdollars <= component.scaled.cap_microdollars:
        return True
    # What an hour costs grows and falls in straight lines between these moments, so its highest is at one of them.
    return all(
        _unit_ms(spells, at_ms) * unit.hour_microdollars <= cap_microdollars(component, raised, at_ms) * HOUR_MS
        for at_ms in _corners(spells, raised, now_ms)
    )


def affordable(component: Component, book: Book, raised: tuple[Raised, ...], units: int, now_ms: int) -> int:
    """The most units that are affordable, up to so many; -1 when not even none are, because of what was spent."""
    highest, price = cap_microdollars(component, raised, now_ms), component.scaled.unit.hour_microdollars
    # What costs more than the highest cap for good need not be tried.
    most = min(units, highest // price) if price else units
    if is_affordable(component, book, raised, most, now_ms):
        return most
    low, high = -1, most
    while high - low > 1:
        middle = (low + high) // 2
        if is_affordable(component, book, raised, middle, now_ms):
            low = middle
        else:
            high = middle
    return low


def standing(component: Component, units: int, now_ms: int) -> int:
    """So many units, or as many as may stand there for good by the cap of now: for what AWS adds without asking."""
    plans = [one.plan.hourly_cap_cents for one in peaks.current(component, now_ms)]
    cents = max(component.scaled.hourly_cap_cents, *(one for one in plans if one is not None), 0)
    price = component.scaled.unit.hour_microdollars
    return min(units, cents * MICRODOLLARS_PER_CENT // price) if price else units


def within_total(component: Component, book: Book, policy: Scaling, units: int) -> int:
    """So many units, or as many as the cap of all components together leaves room for."""
    price = component.scaled.unit.hour_microdollars
    if policy.hourly_cap_cents is None or not price:
        return units
    room = policy.hourly_cap_cents * MICRODOLLARS_PER_CENT - book.others_microdollars_per_hour
    return min(units, max(0, room // price))


def within_savings(component: Component, book: Book, policy: Scaling, units: int) -> int:
    """So many units, or as many as leave the promised savings true. Without a known volume it has no say."""
    price = component.scaled.unit.hour_microdollars
    if book.volume_cents_per_hour is None or not price:
        return units
    room = policy.savings.allowed_microdollars(book.volume_cents_per_hour) - book.others_microdollars_per_hour
    return min(units, max(0, room // price))


def _unit_ms(spells: tuple[Spell, ...], at_ms: int) -> int:
    """Units times milliseconds in the hour that ends at this moment."""
    start_ms = at_ms - HOUR_MS
    total = 0
    for spell in spells:
        until_ms = min(at_ms, spell.until_ms) if spell.until_ms else at_ms
        total += spell.units * max(0, until_ms - max(start_ms, spell.from_ms))
    return total


def _corners(spells: tuple[Spell, ...], raised: tuple[Raised, ...], now_ms: int) -> Iterator[int]:
    last_ms = now_ms + HOUR_MS
    edges = {last_ms}
    for spell in spells:
        edges.update((spell.from_ms + HOUR_MS, spell.until_ms, spell.until_ms + HOUR_MS))
        if spell.until_ms > now_ms:
            last_ms = max(last_ms, spell.until_ms + HOUR_MS)
    for one in raised:
        # One moment before it begins, and the first hour that it is no part of, which counts once it has ended.
        edges.add(one.from_ms - 1)
        if one.ends_ms <= now_ms:
            edges.add(one.until_ms + HOUR_MS)
            last_ms = max(last_ms, one.until_ms + HOUR_MS)
    return (edge for edge in edges if now_ms < edge <= last_ms)
