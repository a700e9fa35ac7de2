"""What a score says: a number from 0 to 1000, what follows from it, and every reason with its reading."""

from enum import StrEnum

import msgspec

SCORE_MAX = 1000

Reading = int | float | bool | None
"""What a rule measured; None when it did not apply or had too little to go by."""


class Decision(StrEnum):
    """What is done with a request, from the mildest to the hardest."""

    APPROVE = "approve"
    MONITOR = "monitor"
    REVIEW = "review"
    BLOCK = "block"
    FREEZE = "freeze"

    @property
    def severity(self) -> int:
        """0 for the mildest; only the order means anything."""
        return _SEVERITY[self]


_SEVERITY = {decision: severity for severity, decision in enumerate(Decision)}


def harsher(first: Decision, second: Decision) -> Decision:
    """The harder of two decisions."""
    return first if _SEVERITY[first] >= _SEVERITY[second] else second


class Match(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One reason. points: as the rule has them, before the family's cap; 0 for hard rules, allow rules and lists.

    reading: what was measured, true for a plain condition. threshold: the limit as written, empty for a condition.
    """

    rule: str
    reason: str
    family: str = ""
    points: int = 0
    reading: Reading = None
    threshold: str = ""


class HardMatch(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A hard rule or a block-list entry that was hit, and what it demands."""

    rule: str
    reason: str
    decision: Decision


class Score(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request's score, with all that is needed to reach it again.

    value: 0 to 1000. band: what the value alone asks for. decision: after hard rules (up) and allow rules (down to
    review). reasons: rules that added points. shadow: rules that would have. families: points by family, capped.
    rules and readings: every rule of the fact's kind and what it measured, position by position.
    version: digest of the rules that scored. at_ms: event time. now_ms: when it was scored.
    """

    fact_id: str
    kind: str
    subject: str
    at_ms: int
    now_ms: int
    value: int
    band: Decision
    decision: Decision
    reasons: tuple[Match, ...] = ()
    hard: tuple[HardMatch, ...] = ()
    allowed: tuple[Match, ...] = ()
    shadow: tuple[Match, ...] = ()
    families: dict[str, int] = {}
    rules: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    version: str = ""
