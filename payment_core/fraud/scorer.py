"""The port that payments and payouts ask before money moves: a decision always, and never approval by accident."""

from collections import Counter
from enum import StrEnum
from typing import Protocol

import msgspec
import structlog

from checks.facts import Fact, PaymentRequested, PayoutRequested
from checks.scoring.model import Decision, Score, harsher
from payment_core.fraud.screening import Screened, ScreeningAnswer

_log = structlog.get_logger(__name__)


class Extra(StrEnum):
    """Reasons that are no rule of the file."""

    UNAVAILABLE = "fraud_score_unavailable"
    SANCTIONED = "sanctioned_name"
    NAME_ALIKE = "name_like_a_sanctioned_one"


class Engine(Protocol):
    """What scores; ``checks.scoring.engine.ScoringEngine``."""

    def score(self, fact: Fact, now_ms: int) -> Score:
        """Score a request."""

    def observe(self, fact: Fact, now_ms: int) -> None:
        """Take an outcome."""


class NameScreen(Protocol):
    """What screens names; ``payment_core.fraud.screening.Screener``."""

    def screen(self, name: str) -> Screened:
        """Whether the name is on the list."""


class FraudDecision(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is to be done with a request.

    reasons: codes of everything that spoke against it, the gravest kind first. score: None when it was unavailable.
    screening: None when no name was given or the list was unavailable. shadow: rules that are being tried and matched.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    score: Score | None = None
    screening: Screened | None = None
    shadow: tuple[str, ...] = ()

    @property
    def unavailable(self) -> bool:
        """Whether a part was missing, so that a person has to look."""
        return Extra.UNAVAILABLE in self.reasons


class FraudCounts:
    """What the scorer did, in plain integers: decisions by kind, matches and shadow matches by rule, and faults."""

    def __init__(self) -> None:
        self.decisions: Counter[str] = Counter()
        self.matches: Counter[str] = Counter()
        self.shadow_matches: Counter[str] = Counter()
        self.unavailable = 0
        self.unobserved = 0


class FraudScorer:
    """Synchronous and in memory, so a payment asks it inline. Whatever fails becomes a review, never an approval.

    engine: None until its windows are rebuilt. names: None when no list is configured; a name given is then reviewed.
    """

    def __init__(self, engine: Engine | None, names: NameScreen | None, counts: FraudCounts | None = None) -> None:
        self.counts = FraudCounts() if counts is None else counts
        self._engine = engine
        self._names = names

    def use(self, engine: Engine | None) -> None:
        """Score with this engine from now on: after a rebuild, or with a new version of the rules."""
        self._engine = engine

    def score(self, fact: PaymentRequested | PayoutRequested, now_ms: int, name: str | None = None) -> FraudDecision:
        """Decide about a request. name: of the payee or payer, when it is to be screened; it is neither kept nor shown.

        Never raises.
        """
        return self._decided(self._scored(fact, now_ms), name)

    def unscored(self, name: str | None = None) -> FraudDecision:
        """The decision without a score: a review, and harder when the name is on a list. Never raises."""
        return self._decided(None, name)

    def _decided(self, score: Score | None, name: str | None) -> FraudDecision:
        screening = None if name is None else self._screened(name)
        missing = score is None or (name is not None and screening is None)
        decision = Decision.REVIEW if missing else Decision.APPROVE
        reasons: list[str] = []
        if screening is not None and screening.answer is not ScreeningAnswer.NO_MATCH:
            certain = screening.answer is ScreeningAnswer.MATCH
            decision = harsher(decision, Decision.BLOCK if certain else Decision.REVIEW)
            reasons.append(Extra.SANCTIONED if certain else Extra.NAME_ALIKE)
        if missing:
            self.counts.unavailable += 1
            reasons.append(Extra.UNAVAILABLE)
        if score is not None:
            decision = harsher(decision, score.decision)
            reasons += [match.reason for match in score.hard]
            reasons += [match.reason for match in score.reasons if match.points > 0]
            self._count(score)
        self.counts.decisions[decision.value] += 1
        return FraudDecision(
            decision=decision,
            reasons=tuple(map(str, reasons)),
            score=score,
            screening=screening,
            shadow=() if score is None else tuple(match.rule for match in score.shadow),
        )

    def observe(self, fact: Fact, now_ms: int) -> None:
        """Tell the windows how an attempt ended; never raises, because the payment is over."""
        if self._engine is None:
            self.counts.unobserved += 1
            return
        try:
            self._engine.observe(fact, now_ms)
        except Exception as error:  # noqa: BLE001 - whatever it is, a payment that ended must not fail because of it.
            self.counts.unobserved += 1
            _log.error("outcome not counted", action="fraud_observe_failed", error=type(error).__name__)

    def _scored(self, fact: Fact, now_ms: int) -> Score | None:
        if self._engine is None:
            return None
        try:
            return self._engine.score(fact, now_ms)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must become a review and not an approval.
            _log.error("request not scored", action="fraud_score_failed", error=type(error).__name__)
            return None

    def _screened(self, name: str) -> Screened | None:
        if self._names is None:
            return None
        try:
            return self._names.screen(name)
        except Exception as error:  # noqa: BLE001 - as above; the error's text may hold the name, so its type alone.
            _log.error("name not screened", action="name_screening_failed", error=type(error).__name__)
            return None

    def _count(self, score: Score) -> None:
        for match in score.reasons:
            self.counts.matches[match.rule] += 1
        for hard in score.hard:
            self.counts.matches[hard.rule] += 1
        for match in score.shadow:
            self.counts.shadow_matches[match.rule] += 1
