"""What is written into a component's book: decisions that were carried out, what was seen, and what is long ago."""

import msgspec

from remediation.scaling.model import Book, Change, Component, Pin, Reading, ScalingDecision, Source, Spell

HOUR_MS = 3_600_000
CHANGES_MAX = 240
"""A change every 15 s for an hour; a cool-down lets fewer through."""
PENDING_SECONDS = 300.0
"""Beyond its warming up; what was ordered and has not come by then is decided anew."""


def ordered(book: Book, component: Component, decision: ScalingDecision) -> Book:
    """A decision was sent to the world. It is pending until `seen` finds it there."""
    before = 0 if decision.current is None else decision.current
    change = Change(at_ms=decision.at_ms, before=before, after=decision.target, source=decision.source)
    begins = decision.source is Source.EMERGENCY and not in_emergency(book, component, decision.at_ms)
    return msgspec.structs.replace(
        book,
        spells=resized(book.spells, decision.target, decision.at_ms, _drain_ms(component)),
        changes=(*_recent(book.changes, component, decision.at_ms), change)[-CHANGES_MAX:],
        pending=change,
        emergency_ms=decision.at_ms if begins else book.emergency_ms,
    )


def undone(book: Book, component: Component, units: int, now_ms: int) -> Book:
    """What was ordered did not come about, or only a part of it: so many units are there, and nothing is pending."""
    spells = resized(book.spells, units, now_ms, _drain_ms(component))
    return msgspec.structs.replace(book, spells=spells, pending=None)


def seen(book: Book, component: Component, reading: Reading) -> Book:
    """A look at the world. What somebody else changed costs from then on; what came as ordered is no longer pending.

    Where AWS follows the target by itself, `desired` is the least that it may do, and what serves is what costs.
    """
    if reading.desired is None:
        return book
    pending = book.pending if is_pending(book, component, reading.at_ms) else None
    if pending is not None and _has_come(pending, reading):
        pending = None
    costing = reading.desired
    if component.follows_by_itself and reading.in_service is not None:
        costing = max(costing, reading.in_service)
    spells = tuple(one for one in book.spells if not one.until_ms or one.until_ms > reading.at_ms - HOUR_MS)
    if pending is None:
        spells = resized(spells, costing, reading.at_ms, _drain_ms(component))
    changes = _recent(book.changes, component, reading.at_ms)
    return msgspec.structs.replace(book, spells=spells, changes=changes, pending=pending)


def is_pending(book: Book, component: Component, now_ms: int) -> bool:
    """Whether something was ordered that is not seen in the world, and may still come."""
    forgotten_ms = round((component.scaled.unit.warm_up + PENDING_SECONDS) * 1000)
    return book.pending is not None and now_ms < book.pending.at_ms + forgotten_ms


def pinned(book: Book, pin: Pin | None) -> Book:
    """A person set it by hand, or let it go."""
    return msgspec.structs.replace(book, pin=pin)


def running(book: Book) -> int:
    """Units that cost and are not being taken away."""
    return sum(one.units for one in book.spells if not one.until_ms)


def in_emergency(book: Book, component: Component, now_ms: int) -> bool:
    """Whether the newest emergency goes on."""
    emergency = component.scaled.emergency
    if emergency is None or not book.emergency_ms:
        return False
    return now_ms < book.emergency_ms + round(emergency.lasts * 1000)


def _has_come(pending: Change, reading: Reading) -> bool:
    return reading.desired == pending.after and reading.in_service is not None and reading.in_service >= pending.after


def _recent(changes: tuple[Change, ...], component: Component, now_ms: int) -> tuple[Change, ...]:
    kept_ms = max(HOUR_MS, round(component.scaled.cool_down.scale_in * 1000))
    return tuple(one for one in changes if one.at_ms > now_ms - kept_ms)


def _drain_ms(component: Component) -> int:
    return round(component.scaled.unit.drain * 1000)


def resized(spells: tuple[Spell, ...], units: int, now_ms: int, drain_ms: int) -> tuple[Spell, ...]:
    """More begin now; of fewer, the youngest are taken away, and cost until they have drained."""
    more = units - sum(one.units for one in spells if not one.until_ms)
    if more >= 0:
        return (*spells, Spell(more, now_ms)) if more else spells
    kept: list[Spell] = []
    fewer = -more
    for spell in reversed(spells):
        taken = 0 if spell.until_ms else min(fewer, spell.units)
        fewer -= taken
        if taken:
            kept.append(Spell(taken, spell.from_ms, now_ms + drain_ms))
        if spell.units > taken:
            kept.append(msgspec.structs.replace(spell, units=spell.units - taken))
    return tuple(reversed(kept))
