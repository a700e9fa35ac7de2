"""Emergencies: when one may begin, and that it ends by itself."""

from collections.abc import Sequence

from remediation.scaling.bookkeeping import in_emergency
from remediation.scaling.model import Book, Component, Reading


def may_begin(component: Component, readings: Sequence[Reading], book: Book, limit: int, now_ms: int) -> bool:
    """Whether requests have been turned away for long enough at the limit, and the last emergency has had its rest.

    limit: the most units that are allowed without one. readings: oldest first.
    """
    emergency = component.scaled.emergency
    if emergency is None or in_emergency(book, component, now_ms):
        return False
    if book.emergency_ms and now_ms < book.emergency_ms + 2 * round(emergency.lasts * 1000):
        return False
    since_ms = _pressed_since_ms(readings, limit)
    return since_ms is not None and now_ms - since_ms >= round(emergency.after * 1000)


def _pressed_since_ms(readings: Sequence[Reading], limit: int) -> int | None:
    """Since when every reading says that it is at its limit and turns requests away; None when the newest does not."""
    since_ms = None
    for reading in reversed(readings):
        if reading.in_service is None or reading.in_service < limit or not is_pressed(reading):
            break
        since_ms = reading.at_ms
    return since_ms


def is_pressed(reading: Reading) -> bool:
    """Whether it turns requests away; where that is not counted, whether it is full."""
    if reading.throttled is not None:
        return reading.throttled > 0
    return reading.utilization is not None and reading.utilization >= 1
