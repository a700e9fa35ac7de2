"""From readings to a score: points within families, caps, bands, hard rules up and allow rules down to review."""

from collections.abc import Iterable, Sequence
from operator import ge, gt, le, lt
from typing import Any

from checks.limits import Limit
from checks.scoring.model import SCORE_MAX, Decision, HardMatch, Match, harsher
from config.fraud import Bands, FraudRule

_TESTS = {">": gt, ">=": ge, "<": lt, "<=": le}


class Judge:
    """One rule's limit and points, ready to be held against a reading."""

    __slots__ = ("breach", "enforced", "family", "points", "reason", "rule", "test", "threshold")

    def __init__(self, rule: FraudRule, breach: Limit | None) -> None:
        self.rule = rule.id
        self.family = rule.family
        self.reason = rule.reason
        self.points = rule.points
        self.enforced = rule.mode == "enforce"
        self.breach = rule.breach
        # A plain condition reads True, which is at least 1.
        number = 1 if breach is None else breach.number
        self.threshold: int | float = int(number) if number == int(number) else number.numerator / number.denominator
        self.test: Any = ge if breach is None else _TESTS[breach.operator]

    def match(self, reading: object) -> Match:
        """The reason that a reading beyond the limit is."""
        return Match(
            rule=self.rule,
            reason=self.reason,
            family=self.family,
            points=self.points,
            reading=reading if isinstance(reading, int | float) else None,
            threshold=self.breach,
        )


class Scale:
    """The caps of families and the bands of a version of the rules."""

    def __init__(self, caps: dict[str, int], bands: Bands) -> None:
        self._caps = caps
        self._floors = (
            (bands.freeze, Decision.FREEZE),
            (bands.block, Decision.BLOCK),
            (bands.review, Decision.REVIEW),
            (bands.monitor, Decision.MONITOR),
        )

    def families(self, matches: Sequence[Match]) -> dict[str, int]:
        """Points by family: never more than its cap, never less than 0."""
        sums: dict[str, int] = {}
        for match in matches:
            sums[match.family] = sums.get(match.family, 0) + match.points
        caps = self._caps
        return {family: min(caps[family], max(0, points)) for family, points in sums.items()}

    def value(self, families: dict[str, int]) -> int:
        """The score: the sum over the families, at most 1000."""
        return min(SCORE_MAX, sum(families.values()))

    def band(self, value: int) -> Decision:
        """What the value alone asks for."""
        for floor, decision in self._floors:
            if value >= floor:
                return decision
        return Decision.APPROVE


def decide(band: Decision, hard: Iterable[HardMatch], *, allowed: bool) -> Decision:
    """An allow rule or entry turns a block by score into a review; a hard rule is stronger than both."""
    decision = band
    if allowed and decision.severity > Decision.REVIEW.severity:
        decision = Decision.REVIEW
    for match in hard:
        decision = harsher(decision, match.decision)
    return decision
