"""When automation stops itself, and when it goes on: pure, over what the journal says."""

import msgspec

from config.guardrails import Storm
from remediation.aiming.capacity import SCALE_ACTIONS
from remediation.aiming.flag import FLAGS_RAMP
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.guardrails.state import StormState
from remediation.journal.guardrail_kinds import StormBegan, StormEnded
from remediation.state import ActionState, State

STORM_RULE = "automation-storm"
"""The rule that pages about a storm; its own incident is no sign of another one."""


_CALM = LIST_ACTIONS | SCALE_ACTIONS | {FLAGS_RAMP}
"""Lists and capacity have budgets of their own, for attacks and for load; a ramp goes on as a person planned it."""


class Turmoil(msgspec.Struct, frozen=True):
    """What happened within the policy's time, and when the newest of it did (0: nothing)."""

    actions: int
    incidents: int
    reversals: int
    newest_ms: int


def judge(state: State, storm: Storm, now_ms: int) -> StormBegan | StormEnded | None:
    """What the journal should say now; None when nothing changes.

    Entries on fraud lists, changes of capacity and steps of ramps are no actions here.
    """
    current = state.storm
    if current is not None and current.lasts:
        return _ended(state, storm, current, now_ms)
    seen = turmoil(state, _since_ms(current, storm, now_ms))
    reached = [
        f"{count} {noun}, {limit} are a storm"
        for count, noun, limit in (
            (seen.actions, "different actions", storm.actions),
            (seen.incidents, "rules with new incidents", storm.incidents),
            (seen.reversals, "reversals", storm.reversals),
        )
        if count >= limit
    ]
    if not reached:
        return None
    return StormBegan(
        why=f"{'; '.join(reached)} in {storm.within:g} s",
        actions=seen.actions,
        incidents=seen.incidents,
        reversals=seen.reversals,
    )


def turmoil(state: State, since_ms: int) -> Turmoil:
    """What happened after this moment."""
    begun = [one for one in state.actions.values() if one.intended_at_ms > since_ms and one.action not in _CALM]
    acts = {(one.action, one.target, tuple(sorted(one.arguments.items()))) for one in begun if not one.undoes}
    incidents = [one for one in state.incidents.values() if one.opened_at_ms > since_ms and one.rule_id != STORM_RULE]
    times = [*(one.intended_at_ms for one in begun), *(one.opened_at_ms for one in incidents)]
    return Turmoil(
        actions=len(acts),
        incidents=len({one.rule_id for one in incidents}),
        reversals=_reversals(begun),
        newest_ms=max(times, default=0),
    )


def _since_ms(last: StormState | None, storm: Storm, now_ms: int) -> int:
    window_ms = now_ms - round(storm.within * 1000)
    return window_ms if last is None else max(window_ms, last.ended_at_ms)


def _ended(state: State, storm: Storm, current: StormState, now_ms: int) -> StormEnded | None:
    calm_ms = round(storm.calm * 1000)
    newest_ms = max(turmoil(state, current.began_at_ms).newest_ms, current.began_at_ms)
    if now_ms - newest_ms < calm_ms:
        return None
    return StormEnded(why=f"nothing new for {storm.calm:g} s")


def _reversals(begun: list[ActionState]) -> int:
    """How often a target was changed to something else than what was done to it before, or taken back."""
    last: dict[str, ActionState] = {}
    count = 0
    for one in sorted(begun, key=lambda act: act.intended_at_ms):
        before = last.get(one.target)
        differs = before is not None and (before.action, before.arguments) != (one.action, one.arguments)
        count += bool(one.undoes) or differs
        last[one.target] = one
    return count
