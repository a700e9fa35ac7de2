"""Payments always get a decision, and what is missing makes it a review."""

from dataclasses import dataclass, field

import pytest
import structlog

from checks.facts import Fact, PaymentAttempted, PaymentRequested
from checks.scoring.compile import compile_fraud
from checks.scoring.engine import ScoringEngine
from checks.scoring.model import Decision, Match, Score
from config.fraud import Fraud, Screening
from config.load import DEFAULTS, FRAUD_FILE
from config.loading.loader import load_yaml
from payment_core.fraud.scorer import FraudScorer
from payment_core.fraud.screening import Screened, Screener, ScreeningAnswer

NOW_MS = 1_705_320_000_000
NAME = "Varkonius Dreel"


def request(**more: object) -> PaymentRequested:
    known = {"id": "r", "at_ms": NOW_MS, "subject": "p", "rail": "card", "amount_cents": 5_000}
    return PaymentRequested(**(known | more))  # type: ignore[arg-type] # the tests give the right types


def engine() -> ScoringEngine:
    return ScoringEngine(compile_fraud(load_yaml(DEFAULTS / FRAUD_FILE, Fraud)))


@dataclass
class Broken:
    """An engine and a name screen that fail."""

    observed: list[Fact] = field(default_factory=list)

    def score(self, fact: Fact, now_ms: int) -> Score:
        raise MemoryError(fact.id, now_ms)

    def observe(self, fact: Fact, now_ms: int) -> None:
        raise KeyError(fact.id, now_ms)

    def screen(self, name: str) -> Screened:
        raise RuntimeError(name)


class Shadowing:
    """An engine whose only match is in shadow."""

    def score(self, fact: Fact, now_ms: int) -> Score:
        return Score(
            fact_id=fact.id,
            kind="payment.requested",
            subject=fact.subject,
            at_ms=fact.at_ms,
            now_ms=now_ms,
            value=0,
            band=Decision.APPROVE,
            decision=Decision.APPROVE,
            shadow=(Match(rule="being-tried", reason="rr"),),
        )

    def observe(self, fact: Fact, now_ms: int) -> None: ...


def test_an_ordinary_payment_is_approved_and_a_bad_one_is_not() -> None:
    scorer = FraudScorer(engine(), None)
    assert scorer.score(request(), NOW_MS).decision is Decision.APPROVE
    bad = scorer.score(request(amount_cents=5_000_001), NOW_MS)
    assert bad.decision is Decision.BLOCK
    assert bad.reasons == ("amount_above_absolute_maximum",)
    assert scorer.counts.decisions == {"approve": 1, "block": 1}
    assert scorer.counts.matches == {"amount-above-absolute-maximum": 1}


def test_reasons_say_what_spoke_against_a_request_and_no_credit() -> None:
    fact = request(ip_kind="tor", paid_count=20, first_paid_at_ms=1, chargeback_count=1)
    found = FraudScorer(engine(), None).score(fact, NOW_MS)
    assert found.reasons == ("tor", "one_chargeback")


@pytest.mark.parametrize("broken", [None, Broken()])
def test_without_a_score_the_payment_is_reviewed_and_counted(broken: Broken | None) -> None:
    scorer = FraudScorer(broken, None)
    with structlog.testing.capture_logs():
        found = scorer.score(request(), NOW_MS)
    assert found.decision is Decision.REVIEW
    assert found.unavailable
    assert found.score is None
    assert scorer.counts.unavailable == 1


def test_a_new_engine_takes_over() -> None:
    scorer = FraudScorer(None, None)
    assert scorer.score(request(), NOW_MS).unavailable
    scorer.use(engine())
    assert scorer.score(request(), NOW_MS).decision is Decision.APPROVE


def test_a_shadow_rule_is_counted_and_decides_nothing() -> None:
    scorer = FraudScorer(Shadowing(), None)
    found = scorer.score(request(), NOW_MS)
    assert (found.decision, found.shadow, found.reasons) == (Decision.APPROVE, ("being-tried",), ())
    assert scorer.counts.shadow_matches == {"being-tried": 1}


@pytest.mark.parametrize(
    ("name", "decision", "reason"),
    [
        (NAME, Decision.BLOCK, "sanctioned_name"),
        ("Varkonis Drel", Decision.REVIEW, "name_like_a_sanctioned_one"),
        ("", Decision.REVIEW, "name_like_a_sanctioned_one"),
        ("Maria Lopez", Decision.APPROVE, None),
        (None, Decision.APPROVE, None),
    ],
)
def test_a_listed_name_blocks_and_a_similar_one_is_reviewed(
    name: str | None, decision: Decision, reason: str | None
) -> None:
    found = FraudScorer(engine(), Screener([NAME], Screening())).score(request(), NOW_MS, name)
    assert found.decision is decision
    assert found.reasons == (() if reason is None else (reason,))


def test_a_listed_name_stays_blocked_when_the_score_is_unavailable() -> None:
    found = FraudScorer(None, Screener([NAME], Screening())).score(request(), NOW_MS, NAME)
    assert found.decision is Decision.BLOCK
    assert found.screening == Screened(ScreeningAnswer.MATCH, 100)


@pytest.mark.parametrize("names", [None, Broken()])
def test_a_name_that_cannot_be_screened_is_reviewed_and_never_logged(names: Broken | None) -> None:
    scorer = FraudScorer(engine(), names)
    with structlog.testing.capture_logs() as logs:
        found = scorer.score(request(), NOW_MS, NAME)
    assert (found.decision, found.unavailable) == (Decision.REVIEW, True)
    assert NAME not in str(logs)
    assert NAME not in repr(found)


def test_outcomes_reach_the_windows_and_their_loss_is_counted() -> None:
    scorer = FraudScorer(engine(), None)
    for number in range(4):
        outcome = PaymentAttempted(
            id=f"o{number}",
            at_ms=NOW_MS,
            subject="p",
            rail="card",
            outcome="declined",
            amount_cents=1,
            ip="9.9.9.9",
        )
        scorer.observe(outcome, NOW_MS)
    assert scorer.score(request(ip="9.9.9.9"), NOW_MS).reasons == ("declines_per_ip",)
    scorer.use(None)
    scorer.observe(request(), NOW_MS)
    scorer.use(Broken())
    with structlog.testing.capture_logs():
        scorer.observe(request(), NOW_MS)
    assert scorer.counts.unobserved == 2
