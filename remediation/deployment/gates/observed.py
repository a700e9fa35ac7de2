"""What was seen of both versions since a step began: counted fact by fact, in any order, each of them once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from checks.expression import Condition, compile_condition
from checks.facts import Fact, HealthProbed, PaymentAttempted, PaymentCaptured, TokensOpened
from config.delivery.deployment import Evidence
from config.delivery.gates import Comparison, Gates
from config.rules.slo import ratio
from remediation.deployment.gates.charges import Charges
from remediation.deployment.gates.comparison import Contrast, Pane, threshold
from remediation.deployment.gates.costs import Costs
from remediation.deployment.gates.drift import Scores
from remediation.deployment.gates.sides import FULL, Sides
from remediation.deployment.gates.sources import PROCESSOR, Heard
from remediation.deployment.plan import WATCHES, Plan

PANE_MS = 5_000
"""Both versions are compared over the same five seconds, so that a bad minute of the rail is nobody's."""
LATE_MS = 2_000
"""A pane is weighed this long after its end; what comes later counts in the next one."""
FUTURE_MS = 5_000
"""A fact stamped further ahead than this has a wrong clock and counts at now."""


class Strata:
    """One comparison: a contrast for each value of its field, and the panes that are not weighed yet.

    needed: the evidence that it takes. found: the first value that has reached it, None while none has; it has for
    good, because what is weighed afterwards changes nothing about an answer that was given. seen: payments of all
    values.
    """

    def __init__(self, comparison: Comparison, prior: float, needed: float, limit: int) -> None:
        self.comparison = comparison
        self.needed = needed
        self._limit = limit if comparison.by else 1
        self._prior = prior
        self._bad: Condition = compile_condition(comparison.bad, PaymentAttempted)
        self._read = attrgetter(comparison.by) if comparison.by else None
        self._panes: dict[int, dict[str, Pane]] = {}
        self._contrasts: dict[str, Contrast] = {}
        self._weighed_ms = 0
        self.found: str | None = None
        self.seen = Pane()

    def take(self, fact: PaymentAttempted, at_ms: int, *, is_new: bool) -> None:
        """One payment; an empty value of the field is none."""
        value = "" if self._read is None else self._read(fact)
        if self._read is not None and not value:
            return
        if value not in self._contrasts:
            if len(self._contrasts) >= self._limit:
                return
            self._contrasts[value] = Contrast(self._prior)
        place = max(at_ms // PANE_MS, self._weighed_ms // PANE_MS)
        panes = self._panes.setdefault(place, {})
        pane = panes.get(value)
        if pane is None:
            pane = panes[value] = Pane()
        is_bad = bool(self._bad.predicate(fact))
        pane.count(is_new=is_new, is_bad=is_bad)
        self.seen.count(is_new=is_new, is_bad=is_bad)

    def weigh(self, now_ms: int) -> None:
        """Weigh every pane that has ended."""
        ended_ms = (now_ms - LATE_MS) // PANE_MS * PANE_MS
        for place in sorted(place for place in self._panes if place * PANE_MS < ended_ms):
            for value, pane in self._panes.pop(place).items():
                if self._contrasts[value].fold(pane) >= self.needed and self.found is None:
                    self.found = value
        self._weighed_ms = max(self._weighed_ms, ended_ms)

    def worst(self) -> tuple[str, Contrast] | None:
        """The value with the most evidence, or the one that was found; None before the first payment."""
        if self.found is not None:
            return self.found, self._contrasts[self.found]
        if not self._contrasts:
            return None
        return max(self._contrasts.items(), key=lambda item: item[1].evidence)


class Observed:
    """Everything that the gates of one step count. since_ms: when it began; older facts are none of it.

    charges: of the steps before, while the release had payments; none where it had none.
    """

    def __init__(
        self,
        sides: Sides,
        gates: Gates,
        evidence: Evidence,
        *,
        since_ms: int,
        needed: Mapping[str, float],
        charges: Charges | None = None,
    ) -> None:
        self.sides = sides
        self.since_ms = since_ms
        self.heard = Heard(sides)
        self.payments = [0, 0]
        self.test_payments = 0
        self.readers: set[str] = set()
        """Environments whose release has tried to open stored cards."""
        self.charges = Charges(round(gates.twins_within * 1000)) if charges is None else charges
        self.costs = Costs()
        self.scores = Scores()
        prior = ratio(evidence.healthy)
        self.strata: Sequence[Strata] = [
            Strata(comparison, prior, needed[comparison.id], gates.strata) for comparison in gates.comparisons
        ]

    @property
    def new_payments(self) -> int:
        """Of the version that takes over."""
        return self.payments[0]

    def take(self, facts: Iterable[Fact], now_ms: int, *, is_charged: bool = False) -> None:
        """Count facts. is_charged: whether an earlier step has counted their charges."""
        for fact in facts:
            is_new = self.sides.is_new(fact)
            if is_new is not None and isinstance(fact, PaymentCaptured) and not is_charged:
                # The first of two charges may be older than the step that sees the second.
                self.charges.take(fact, is_new=is_new)
            if fact.at_ms < self.since_ms:
                continue
            if fact.at_ms <= now_ms + FUTURE_MS:
                self.heard.take(fact)
            if isinstance(fact, TokensOpened) and fact.region == self.sides.region and fact.opened + fact.failed:
                self.readers.add(fact.reader)
            if is_new is None:
                continue
            match fact:
                case PaymentAttempted():
                    self._attempt(fact, min(fact.at_ms, now_ms), is_new=is_new)
                case PaymentCaptured():
                    self.costs.take(fact, is_new=is_new)
                case HealthProbed():
                    told = fact.subject == PROCESSOR and fact.check == "payment" and fact.status != "unknown"
                    self.test_payments += is_new and told
                case _:
                    pass

    def weigh(self, now_ms: int) -> None:
        """Weigh what has ended."""
        for strata in self.strata:
            strata.weigh(now_ms)

    def _attempt(self, fact: PaymentAttempted, at_ms: int, *, is_new: bool) -> None:
        self.payments[0 if is_new else 1] += 1
        if fact.scored:
            self.scores.take(fact.fraud_score, is_new=is_new)
        if self.sides.is_compared:
            for strata in self.strata:
                strata.take(fact, at_ms, is_new=is_new)


def thresholds(gates: Gates, plan: Plan) -> dict[str, float]:
    """The evidence that each comparison takes: all of them, in every stage of the plan, share the false alarms."""
    stages = sum(step.kind in WATCHES and step.arguments.get("percent") != FULL for step in plan.steps)
    alpha = ratio(gates.false_alarm)
    shared = defaultdict(lambda: 1, {one.id: gates.strata for one in gates.comparisons if one.by})
    return {
        one.id: threshold(alpha, len(gates.comparisons), max(1, stages), shared[one.id]) for one in gates.comparisons
    }
