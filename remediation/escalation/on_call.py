"""Who is on duty in a schedule at a moment, and who will be: exact on days with 23 and 25 hours."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from config.escalation.on_call import Layer, Schedule
from remediation.guardrails.wall_clock import instant_ms, wall_clock

OVERRIDE = "override"
"""The layer of who stands in for somebody."""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """From start to end, the end excluded, this person is on duty; empty when nobody is. layer: that says so."""

    person: str
    layer: str
    starts_at_ms: int
    ends_at_ms: int


def on_duty(schedule: Schedule, at_ms: int) -> tuple[str, str]:
    """The person who is on duty and the layer that says so; both empty when nobody is.

    A turn changes, and a time of day begins or ends, when the clock first shows it; where it skips it, at the skip.
    """
    zone = ZoneInfo(schedule.zone)
    standing_in = [
        one for one in schedule.overrides if instant_ms(one.starts, zone) <= at_ms < instant_ms(one.ends, zone)
    ]
    if standing_in:
        return max(standing_in, key=lambda one: one.starts).person, OVERRIDE
    for layer in schedule.layers:
        person = _of_layer(layer, zone, at_ms)
        if person:
            return person, layer.name
    return "", ""


def duties(schedule: Schedule, from_ms: int, until_ms: int) -> tuple[Duty, ...]:
    """Everybody's time on duty between two moments, in order and without a hole: where nobody is, that is said."""
    edges = sorted(
        {from_ms, until_ms, *(one for one in _edges(schedule, from_ms, until_ms) if from_ms < one < until_ms)}
    )
    found: list[Duty] = []
    for start_ms, end_ms in pairwise(edges):
        person, layer = on_duty(schedule, start_ms)
        last = found[-1] if found else None
        if last is not None and (last.person, last.layer) == (person, layer):
            start_ms = found.pop().starts_at_ms  # noqa: PLW2901 - the same duty goes on.
        found.append(Duty(person=person, layer=layer, starts_at_ms=start_ms, ends_at_ms=end_ms))
    return tuple(found)


def gaps(schedule: Schedule, from_ms: int, until_ms: int) -> tuple[Duty, ...]:
    """When nobody is on duty, from the schedule's own start on."""
    begins_ms = max(from_ms, instant_ms(schedule.starts, ZoneInfo(schedule.zone)))
    if begins_ms >= until_ms:
        return ()
    return tuple(one for one in duties(schedule, begins_ms, until_ms) if not one.person)


def _of_layer(layer: Layer, zone: ZoneInfo, at_ms: int) -> str:
    if layer.is_restricted and not _is_within_hours(layer, zone, at_ms):
        return ""
    turn = _turn(layer, zone, at_ms)
    return layer.people[turn % len(layer.people)] if turn >= 0 else ""


def _turn(layer: Layer, zone: ZoneInfo, at_ms: int) -> int:
    """Which turn it is, from 0; below 0 before the first. The clock may show a time twice, moments come once."""
    length = timedelta(days=layer.turn_days)
    turn = (wall_clock(at_ms, zone) - layer.starts) // length
    while instant_ms(layer.starts + (turn + 1) * length, zone) <= at_ms:
        turn += 1
    while instant_ms(layer.starts + turn * length, zone) > at_ms:
        turn -= 1
    return turn


def _is_within_hours(layer: Layer, zone: ZoneInfo, at_ms: int) -> bool:
    today = wall_clock(at_ms, zone).date()
    return any(
        start_ms <= at_ms < end_ms for day in (today - _DAY, today) for start_ms, end_ms in _hours_of(layer, zone, day)
    )


def _hours_of(layer: Layer, zone: ZoneInfo, day: date) -> Iterator[tuple[int, int]]:
    """From when to when the layer is on duty in what begins on this day."""
    if layer.days and _WEEKDAYS[day.weekday()] not in layer.days:
        return
    begin, end = time.fromisoformat(layer.begin), time.fromisoformat(layer.end)
    last = day if end > begin else day + _DAY
    yield instant_ms(datetime.combine(day, begin), zone), instant_ms(datetime.combine(last, end), zone)


def _edges(schedule: Schedule, from_ms: int, until_ms: int) -> Iterator[int]:
    """Every moment at which somebody else may be on duty, and perhaps some around."""
    zone = ZoneInfo(schedule.zone)
    for override in schedule.overrides:
        yield from (instant_ms(override.starts, zone), instant_ms(override.ends, zone))
    for layer in schedule.layers:
        yield from _handoffs(layer, zone, from_ms, until_ms)
        if layer.is_restricted:
            day = wall_clock(from_ms, zone).date() - _DAY
            while day <= wall_clock(until_ms, zone).date():
                for hours in _hours_of(layer, zone, day):
                    yield from hours
                day += _DAY


def _handoffs(layer: Layer, zone: ZoneInfo, from_ms: int, until_ms: int) -> Iterator[int]:
    turn = max(0, _turn(layer, zone, from_ms))
    while True:
        at_ms = instant_ms(layer.starts + turn * timedelta(days=layer.turn_days), zone)
        if at_ms >= until_ms:
            return
        yield at_ms
        turn += 1
