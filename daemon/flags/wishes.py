"""What a person may want of a flag, what the flag would serve then, and why it is not done; pure."""

import json
from collections.abc import Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from config.flags import FlagPolicy
from config.flags import RampStep as ConfiguredStep
from remediation.flags.document import Document
from remediation.flags.model import FlagChange, Ramp, RampPlan, RampStep, Setting
from remediation.flags.state import FlagState


class FlagRefusal(StrEnum):
    """Why a person's change of a flag is not made, in order of precedence."""

    NOT_LEADING = "not_leading"
    UNKNOWN = "unknown"
    KILLED = "killed"
    NOT_KILLED = "not_killed"
    NO_VARIANT = "no_variant"
    NOTHING_TO_CHANGE = "nothing_to_change"
    NOT_READABLE = "not_readable"
    FROZEN = "frozen"
    NEEDS_APPROVAL = "needs_approval"


class FlagRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: FlagRefusal
    detail: str


def no(refusal: FlagRefusal, detail: str) -> FlagRefused:
    """The answer no."""
    return FlagRefused(refusal=refusal, detail=detail)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one flag. reason: why, for the journal. force: a freeze of changes is passed over.

    variant: to set it to, or to ramp to; None with set: as the document says. targeting: JsonLogic, where given. steps:
    of a ramp, in percent; empty for those of ``flags.yaml``.
    """

    what: FlagChange
    reason: str
    variant: str | None = None
    targeting: Document | None = None
    steps: tuple[int, ...] = ()
    force: bool = False


def wanted_setting(
    wish: Wish, flag: str, document: Document, state: FlagState, policy: FlagPolicy, key: str
) -> Setting | FlagRefused | None:
    """What the flag would serve. key: of the change, which names a ramp. None: as the document says."""
    if wish.what in {FlagChange.KILL, FlagChange.REVIVE}:
        return state.setting
    if wish.what is FlagChange.REVERT:
        if not state.revertible:
            return no(FlagRefusal.NOTHING_TO_CHANGE, f"no change of {flag} is there to be taken back")
        return state.before
    if wish.what is FlagChange.RAMP:
        return _ramp(wish, flag, document, state, policy, key)
    return _set(wish, flag, document, state)


def _set(wish: Wish, flag: str, document: Document, state: FlagState) -> Setting | FlagRefused | None:
    wanted: Setting | None = None
    if wish.targeting is not None:
        default = wish.variant if wish.variant is not None else _default(document, state)
        # Written as the document is, so that equal rules are one setting.
        rule = json.dumps(wish.targeting, sort_keys=True, separators=(",", ":"))
        wanted = Setting(variant=default, targeting=rule)
    elif wish.variant is not None:
        wanted = Setting(variant=wish.variant)
    unknown = _unknown(flag, document, wanted)
    if unknown is not None:
        return unknown
    if wanted == state.setting:
        return no(FlagRefusal.NOTHING_TO_CHANGE, f"{flag} is set so already")
    return wanted


def _ramp(
    wish: Wish, flag: str, document: Document, state: FlagState, policy: FlagPolicy, key: str
) -> Setting | FlagRefused:
    before = _default(document, state)
    if wish.variant is None:
        return no(FlagRefusal.NO_VARIANT, f"say to which variant: one of {_variants(document)}")
    if wish.variant == before:
        return no(FlagRefusal.NOTHING_TO_CHANGE, f"{flag} serves {before} already to whoever a ramp would reach")
    if state.ramp is not None:
        at = state.ramp
        detail = f"a ramp to {at.plan.to_variant} is under way at {at.percent} %; revert or set {flag} first"
        return no(FlagRefusal.NOTHING_TO_CHANGE, detail)
    steps = _steps(wish.steps, policy.ramp)
    if isinstance(steps, str):
        return no(FlagRefusal.NO_VARIANT, steps)
    plan = RampPlan(id=key, flag=flag, to_variant=wish.variant, from_variant=before, steps=steps)
    targeting = None if state.setting is None else state.setting.targeting
    setting = Setting(variant=before, targeting=targeting, ramp=Ramp(plan=plan, percent=steps[0].percent))
    unknown = _unknown(flag, document, replace(setting, variant=wish.variant))
    return setting if unknown is None else unknown


def _steps(asked: Sequence[int], configured: Sequence[ConfiguredStep]) -> tuple[RampStep, ...] | str:
    """The steps that are asked for, each with the evidence of the configured one that it does not go beyond."""
    if list(asked) != sorted(set(asked)) or any(not 0 < percent <= 100 for percent in asked):  # noqa: PLR2004 - percent.
        return "write steps from 1 to 100 percent, each further than the one before, such as 5,25,100"
    percents = asked if asked else [step.percent for step in configured]
    found = []
    for percent in percents:
        like = next((step for step in configured if step.percent >= percent), configured[-1])
        found.append(
            RampStep(percent=percent, samples=like.samples, hold_seconds=like.hold, within_seconds=like.within)
        )
    return tuple(found)


def _default(document: Document, state: FlagState) -> str:
    return state.setting.variant if state.setting is not None else str(document.get("defaultVariant", ""))


def _unknown(flag: str, document: Document, setting: Setting | None) -> FlagRefused | None:
    if setting is None or setting.variant in document["variants"]:
        return None
    detail = f"{flag} has no variant {setting.variant!r:.100}; it has {_variants(document)}"
    return no(FlagRefusal.NO_VARIANT, detail)


def _variants(document: Document) -> str:
    return ", ".join(document["variants"])
