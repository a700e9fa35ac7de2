"""How many units the load of now asks for, and how many may go because the load of the last minutes asked for less."""

from collections.abc import Iterator, Sequence

from config.scaling import Scaled, Signal
from remediation.scaling.model import Component, Reading, Source
from remediation.scaling.needs import Need, whole_units

THROTTLED_SHARE = 0.25
"""Requests that are turned away say that it is too little, and not by how much: a quarter more, and one at least."""


def need(component: Component, reading: Reading, target_percent: int | None = None) -> Need | None:
    """The most that any signal asks for, None when not one of them is known. More load never asks for less.

    Utilization, requests and concurrency ask for so many units that each would be filled to the target. What waits too
    long, what is turned away and a step ask for more than serves now, so they are no ground to order twice while the
    first order warms up. target_percent: another one than the component's.
    """
    scaled = component.scaled
    target = (scaled.target_percent if target_percent is None else target_percent) / 100
    found = [one for signal in scaled.signals for one in _of_signal(signal, scaled, reading, target)]
    return max(found, key=lambda one: one.units, default=None)


def load_units(component: Component, reading: Reading) -> int | None:
    """How many full units the load comes to; None when it is not known."""
    full = need(component, reading, 100)
    return None if full is None else full.units


def is_known(component: Component, reading: Reading) -> bool:
    """Whether every signal by which the component is judged has a value."""
    return all(_value(signal, reading) is not None for signal in component.scaled.signals)


def quiet_need(
    component: Component, readings: Sequence[Reading], now_ms: int, *, stale_seconds: float, enough: int
) -> Need | None:
    """The most that was needed in the last ``cool_down.scale_in``, with the band of the target taken off.

    None unless every signal was known all the while: what nobody saw may have been a peak. enough: a need of so many
    units is answered as soon as it is found, because nothing will be taken away then.
    """
    scaled = component.scaled
    since_ms, gap_ms = now_ms - round(scaled.cool_down.scale_in * 1000), round(stale_seconds * 1000)
    target = max(1, scaled.target_percent * (100 - scaled.band_percent) // 100)
    most, next_ms = None, now_ms
    for reading in reversed(readings):
        if next_ms - reading.at_ms > gap_ms or not is_known(component, reading):
            return None
        found = need(component, reading, target)
        if found is not None and (most is None or found.units > most.units):
            most = found
        if reading.at_ms <= since_ms or (most is not None and most.units >= enough):
            return most
        next_ms = reading.at_ms
    return None


def _value(signal: Signal, reading: Reading) -> float | None:
    match signal:
        case "utilization":
            return None if reading.in_service is None else reading.utilization
        case "requests":
            return reading.requests_per_second
        case "concurrency":
            return reading.concurrency
        case "queue_age":
            return None if reading.in_service is None else reading.queue_age_seconds
        case "throttles":
            return None if reading.in_service is None else reading.throttled


def _of_signal(signal: Signal, scaled: Scaled, reading: Reading, target: float) -> Iterator[Need]:
    """What one signal asks for, nothing when it is not known."""
    value, serving = _value(signal, reading), reading.in_service
    unit = scaled.unit
    if value is None:
        return
    match signal:
        case "utilization" if serving is not None:
            yield _need(serving * value / target, f"{serving} units are {value:.0%} full")
            yield from _of_steps(scaled, serving, value)
        case "requests" if unit.requests_per_second is not None:
            yield _need(value / (unit.requests_per_second * target), f"{value:.4g} requests/s")
        case "concurrency" if unit.concurrency is not None:
            yield _need(value / (unit.concurrency * target), f"{value:g} requests at once")
        case "queue_age" if serving is not None and scaled.queue_age is not None and value > scaled.queue_age:
            more = max(1.0, serving * min(1.0, value / scaled.queue_age - 1))
            yield _need(serving + more, f"work waits {value:.0f} s, longer than {scaled.queue_age:g} s")
        case "throttles" if serving is not None and value > 0:
            yield _need(serving + max(1.0, serving * THROTTLED_SHARE), f"{value:g} requests were turned away")


def _of_steps(scaled: Scaled, serving: int, utilization: float) -> Iterator[Need]:
    for step in scaled.steps:
        if utilization * 100 > step.above_percent:
            more = max(1.0, serving * step.add_percent / 100)
            yield _need(serving + more, f"{serving} units are {utilization:.0%} full, above {step.above_percent} %")


def _need(units: float, words: str) -> Need:
    return Need(whole_units(units), Source.REACTIVE, words)
