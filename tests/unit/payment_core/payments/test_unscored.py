"""A payment that the fraud detector could not judge says so to whoever watches."""

import msgspec

from checks.facts import PaymentRequested
from checks.scoring.engine import ScoringEngine
from payment_core.fraud.scorer import FraudScorer
from payment_core.money import Charge
from payment_core.operations.call import Call
from payment_core.origin import Origin
from payment_core.payments.ports import SANDBOX_METHODS
from payment_core.payments.rail.scoring import KeyedEmailHash, RequestScores
from payment_core.payments.requests import CreatePayment
from tests.unit.checks.scoring.fraud_facts import NOW_MS, default_rules


def requested(scorer: FraudScorer) -> PaymentRequested:
    scores = RequestScores(scorer=scorer, origin=Origin("blue", "1.0.0", "us-east-1"), emails=KeyedEmailHash(b"k"))
    body = CreatePayment(
        amount=Charge(amount_cents=100, currency="USD"),
        payment_method="tok_visa",
        customer_id="cus_1",
        provider_id="pro_1",
    )
    fact, _ = scores.score(Call(actor="a", instance="/", key="k"), body, SANDBOX_METHODS["tok_visa"], NOW_MS)
    return fact


def test_a_payment_without_a_score_says_so_in_its_event() -> None:
    fact = requested(FraudScorer(None, None))
    assert not fact.scored
    assert b'"scored":false' in msgspec.json.encode(fact)


def test_a_payment_with_a_score_costs_its_event_no_byte() -> None:
    fact = requested(FraudScorer(ScoringEngine(default_rules()), None))
    assert fact.scored
    assert b"scored" not in msgspec.json.encode(fact)
