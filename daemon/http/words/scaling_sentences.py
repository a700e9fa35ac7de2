"""Says journal entries about capacity as sentences."""

from typing import Literal

from daemon.http.words.wording import REASON_OF_CAPACITY
from remediation.journal.scaling_kinds import ScalingBody, ScalingPinned
from remediation.scaling.model import Direction, ScalingDecision

Parts = tuple[Literal["bad", "good", "act", "unknown", "plain"], str, str, str]
"""Tone, label, text and detail, as a Sentence has them."""


def scaling_parts(body: ScalingBody) -> Parts:
    """The parts of the sentence."""
    return _pinned(body) if isinstance(body, ScalingPinned) else _decided(body)


def _decided(decision: ScalingDecision) -> Parts:
    place = decision.target_name.removeprefix("scale:")
    if decision.direction is not Direction.NONE:
        verb = "grows" if decision.direction is Direction.OUT else "shrinks"
        text = f"{place} {verb} from {decision.current} to {decision.target} units ({decision.source.value})."
        return ("bad" if decision.page else "act", "capacity", text, decision.words)
    size = "its size is not known" if decision.current is None else f"{decision.current} units"
    text = f"{place} stays as it is, {size}: {REASON_OF_CAPACITY[decision.reason]}."
    tone: Literal["bad", "unknown", "plain"] = "unknown" if decision.current is None else "plain"
    return ("bad" if decision.page else tone, "capacity", text, decision.words)


def _pinned(body: ScalingPinned) -> Parts:
    place = body.target.removeprefix("scale:")
    if body.pin is None:
        return ("plain", "capacity", f"{place} is sized by its load again.", "")
    return ("act", "capacity", f"{body.pin.by} sets {place} to {body.pin.units} units.", body.pin.why)
