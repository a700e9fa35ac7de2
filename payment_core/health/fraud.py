"""Scores a blameless request without counting it, and screens a name: whether the fraud detector does its work."""

from typing import Protocol

from checks.facts import Fact, PaymentRequested
from checks.scoring.model import Decision, Score
from payment_core.clock import Clock
from payment_core.fraud.scorer import FraudCounts, NameScreen
from payment_core.health.checking import Checked, judged
from payment_core.operations.call import Call

SLOW_MS = 50.0
"""A score takes under a millisecond; one that needs longer holds up every payment of the process."""
SCORE_MAX = 1000
NAME = "Health Check"


class Assessor(Protocol):
    """Scores without counting; ``checks.scoring.engine.ScoringEngine``."""

    def assess(self, fact: Fact, now_ms: int) -> Score:
        """The score that the request would get now."""
        ...


class FraudCheck:
    """Also tells of payments that could not be scored since the last look: those were reviewed, not approved."""

    def __init__(self, engine: Assessor, names: NameScreen, counts: FraudCounts, clock: Clock) -> None:
        self._engine = engine
        self._names = names
        self._counts = counts
        self._clock = clock
        self._unscored = counts.unavailable

    async def __call__(self, _call: Call) -> Checked:
        """One score and one screening."""
        now_ms = self._clock.now_ms()
        started_ms = self._clock.monotonic_ms()
        score = self._engine.assess(_blameless(now_ms), now_ms)
        took_ms = self._clock.monotonic_ms() - started_ms
        self._names.screen(NAME)
        unscored, self._unscored = self._counts.unavailable - self._unscored, self._counts.unavailable
        broken, odd = [], []
        if not 0 <= score.value <= SCORE_MAX or score.version == "" or not score.rules:
            broken.append(f"the score {score.value} of rules {score.version[:12]!r} is no score")
        if unscored > 0:
            broken.append(f"{unscored} requests could not be scored since the last check and wait for review")
        if score.decision is not Decision.APPROVE:
            odd.append(f"a blameless request is decided {score.decision.value}")
        if took_ms > SLOW_MS:
            odd.append(f"a score takes {took_ms:.0f} ms")
        good = f"scored {score.value} by {len(score.rules)} rules, version {score.version[:12]}"
        return judged(broken, odd, good)


def _blameless(now_ms: int) -> PaymentRequested:
    """A small card payment of nobody in particular."""
    return PaymentRequested(
        id="health.requested", at_ms=now_ms, subject="health", rail="card", amount_cents=100, customer_id="health"
    )
