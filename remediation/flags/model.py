"""What a flag can be set to: one variant for everybody, another targeting, or a ramp from one variant to another."""

from enum import StrEnum

import msgspec


class FlagChange(StrEnum):
    """What was done to a flag. finish: a ramp has all of its evidence. revert: as before the last change."""

    SET = "set"
    RAMP = "ramp"
    FINISH = "finish"
    REVERT = "revert"
    KILL = "kill"
    REVIVE = "revive"


class RampStep(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the customers. samples: payments of the new variant that it takes; see ``config.flags.RampStep``."""

    percent: int
    samples: int
    hold_seconds: float
    within_seconds: float


class RampPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A flag on its way from one variant to another. id: the key of the change that began it. steps: each further."""

    id: str
    flag: str
    to_variant: str
    from_variant: str
    steps: tuple[RampStep, ...]


class Ramp(msgspec.Struct, frozen=True, kw_only=True):
    """Where a ramp is: percent of the customers get the plan's new variant, always the same ones."""

    plan: RampPlan
    percent: int


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a flag serves in place of what the document says.

    variant: for everybody whom neither targeting nor ramp gives another one. targeting: JsonLogic as JSON text, empty
    for none; None: as in the document. ramp: for those whom targeting gives nothing.
    """

    variant: str
    targeting: str | None = ""
    ramp: Ramp | None = None


def written(setting: Setting | None) -> str:
    """The setting as an action's argument; empty for none."""
    return "" if setting is None else msgspec.json.encode(setting).decode()


def setting_from(text: str) -> Setting | None:
    """The setting of an action's argument. Raises msgspec.DecodeError for what is none."""
    return msgspec.json.decode(text, type=Setting) if text else None
