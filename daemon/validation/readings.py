"""What the running daemon's rules read now, and what that says about the owner's limits."""

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.probes.daemon_client import RuleNow, RuleReadingNow
from daemon.validation.lines import TOO_FEW, Line, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """rule: whose reading it is, in that rule's unit. least, below: what it must reach, and stay under.

    at_most: what it must not exceed. samples: how many it takes to tell at all.
    """

    rule: str
    limit: str
    source: str
    samples: int
    least: float | None = None
    at_most: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the reading keeps what was promised."""
        return (
            (self.least is None or value >= self.least)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


def held_against(objective: Objective, rules: Iterable[RuleNow], *, needed: bool = True) -> list[Line]:
    """A line for each key of the objective's rule.

    Within the limit with too few samples to tell is warned; beyond it is failed however few they are. needed: whether
    a rule that has read nothing fails the validation.
    """
    found = next((rule for rule in rules if rule.id == objective.rule), None)
    if found is None:
        return [_missing(objective, f"the daemon runs no rule {objective.rule}", needed=True)]
    if not found.readings:
        return [_missing(objective, TOO_FEW, needed=needed)]
    return [_line(objective, reading) for reading in found.readings]


def _missing(objective: Objective, why: str, *, needed: bool) -> Line:
    outcome: Outcome = "failed" if needed else "warned"
    return Line(name=objective.rule, outcome=outcome, measured=why, limit=objective.limit, source=objective.source)


def _line(objective: Objective, reading: RuleReadingNow) -> Line:
    key = ", ".join(value for value in reading.key.values() if value)
    name = f"{objective.rule} ({key})" if key else objective.rule
    samples = f"{reading.shown}, {reading.samples} samples"
    if reading.value is not None and not objective.holds(reading.value):
        return Line(name=name, outcome="failed", measured=samples, limit=objective.limit, source=objective.source)
    enough = reading.value is not None and reading.samples >= objective.samples
    measured = samples if enough else f"{samples}; it takes {objective.samples} to tell"
    outcome: Outcome = "passed" if enough else "warned"
    return Line(name=name, outcome=outcome, measured=measured, limit=objective.limit, source=objective.source)
