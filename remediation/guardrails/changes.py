"""What sort of change something is: calendars, storms and precedence go by it."""

from enum import StrEnum

from remediation.aiming.subjects import LIST_ACTIONS


class Change(StrEnum):
    """safety: only takes harm away. hold: keeps it from growing. maintenance: waits for a maintenance window."""

    SAFETY = "safety"
    HOLD = "hold"
    SCALE_OUT = "scale_out"
    SCALE_IN = "scale_in"
    FLAG = "flag"
    ROLLOUT = "rollout"
    MIGRATION = "migration"
    KEY_ROTATION = "key_rotation"
    MAINTENANCE = "maintenance"
    UNDO = "undo"


REDUCES_HARM = frozenset({Change.SAFETY, Change.HOLD})
"""A freeze of changes must not keep anybody from stopping a loss."""

_BY_ACTION = {
    "rollback.traffic": Change.SAFETY,
    "evacuate.region": Change.SAFETY,
    "spill.region": Change.SAFETY,
    "flags.kill": Change.SAFETY,
    "flags.revert": Change.SAFETY,
    "kill.switch": Change.HOLD,
    **dict.fromkeys(LIST_ACTIONS, Change.HOLD),
    "scale.out": Change.SCALE_OUT,
    "scale.in": Change.SCALE_IN,
    "scale.set": Change.SCALE_OUT,
    "flags.ramp": Change.FLAG,
    "undo": Change.UNDO,
}


def change_of(action: str) -> Change:
    """What sort of change an action is; one that nobody knows waits for a maintenance window."""
    return _BY_ACTION.get(action, Change.MAINTENANCE)
