"""What entries about capacity move, and which budget of automation an action is taken from."""

from msgspec.structs import replace

from remediation.aiming.capacity import SCALE_ACTIONS
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.bounded import bounded
from remediation.journal.entry import Entry
from remediation.journal.scaling_kinds import ScalingBody, ScalingPinned
from remediation.scaling.model import Pin, ScalingDecision
from remediation.state import HOUR_MS, SCALED_MAX, ActionState, State

AFTER_UNDO_MS = 1_800_000
"""What a person took back stays so for half an hour: load would bring it again at the next look."""


def with_scaling(state: State, entry: Entry, body: ScalingBody) -> State:
    """The state after one more entry about capacity; of each component the newest decision and the newest pin."""
    del entry
    if isinstance(body, ScalingDecision):
        known = {name: one for name, one in state.scaling.items() if name != body.target_name}
        return replace(state, scaling=bounded({**known, body.target_name: body}, SCALED_MAX, lambda _: True))
    return with_pin(state, body)


def with_pin(state: State, body: ScalingPinned) -> State:
    """The state after a person set a component by hand, or let it go."""
    pins = {name: pin for name, pin in state.pins.items() if name != body.target}
    if body.pin is not None:
        pins[body.target] = body.pin
    return replace(state, pins=bounded(pins, SCALED_MAX, lambda _: True))


def with_undone_scaling(state: State, undo: ActionState, at_ms: int) -> State:
    """The state after a change of capacity was taken back: what was there before holds for a while."""
    original = state.actions.get(undo.undoes)
    units = "" if original is None else original.before.get("units", "")
    if original is None or original.action not in SCALE_ACTIONS or not units.isdigit():
        return state
    why = f"{original.decision_id} was taken back"
    pin = Pin(units=int(units), until_ms=at_ms + AFTER_UNDO_MS, by=undo.decision_id, why=why)
    return with_pin(state, ScalingPinned(target=original.target, pin=pin))


def with_spent(state: State, action: str, at_ms: int) -> State:
    """The state after an automatic action was begun; lists and capacity have budgets of their own."""
    if action in LIST_ACTIONS:
        return replace(state, listed_at_ms=_within_the_hour(state.listed_at_ms, at_ms))
    if action in SCALE_ACTIONS:
        return replace(state, scaled_at_ms=_within_the_hour(state.scaled_at_ms, at_ms))
    return replace(state, intents_at_ms=_within_the_hour(state.intents_at_ms, at_ms))


def _within_the_hour(times: tuple[int, ...], at_ms: int) -> tuple[int, ...]:
    """The times with one more, without those that no hourly budget counts any longer."""
    return (*(one for one in times if one > at_ms - HOUR_MS), at_ms)
