"""A payment that the score freezes blocks its payer in the transaction that declines it."""

import msgspec
import pytest

from checks.facts import PaymentRequested
from checks.scoring.compile import compile_fraud
from checks.scoring.engine import ScoringEngine
from checks.scoring.model import Decision
from checks.scoring.replay import replay
from config.fraud import Fraud
from config.load import DEFAULTS, FRAUD_FILE
from config.loading.loader import load_yaml
from payment_core.fraud.list_model import FraudListEntry
from payment_core.fraud.rule_sets import FraudRuleSet, keep_rules, rules_of
from payment_core.fraud.scorer import FraudScorer
from payment_core.payments.model import Payment
from payment_core.payments.rail.kept_score import ReadingsUnusable, fraud_of, recorded
from payment_core.payments.states import PaymentStatus
from payment_core.store.memory import MemoryStore
from payment_core.store.records import Listing
from payment_core.store.stage import Registry
from tests.simulation.payment_world import START_MS, HandClock, World
from tests.unit.payment_core.payments.asking import create

RULES = compile_fraud(load_yaml(DEFAULTS / FRAUD_FILE, Fraud))


@pytest.mark.parametrize("decision", list(Decision))
async def test_only_a_frozen_payer_is_listed_and_a_test_token_never(world: World, decision: Decision) -> None:
    world.scorer.decision = decision
    await create(world, "k1")
    entries = await world.store.query(Listing(FraudListEntry))
    listed = [(entry.of, entry.value) for entry in entries]
    assert listed == ([("customer", "cus_1")] if decision is Decision.FREEZE else [])


async def test_asking_again_for_a_frozen_payment_lists_nobody_twice(world: World) -> None:
    world.scorer.decision = Decision.FREEZE
    first, again = await create(world, "k1"), await create(world, "k1")
    assert again == msgspec.structs.replace(first, replayed=True)
    assert len(await world.store.query(Listing(FraudListEntry))) == 1


def scored_payments() -> list[Payment]:
    """Payments of a busy hour, some of them by programs behind Tor."""
    scorer = FraudScorer(ScoringEngine(RULES), None)
    payments = []
    for number in range(300):
        at_ms = START_MS + number * 900
        fact = PaymentRequested(
            id=f"pay_{number}.1.requested",
            at_ms=at_ms,
            subject=f"pay_{number}",
            rail="card",
            amount_cents=6_000_000 if number % 97 == 96 else 500 + number * 37 % 9_000,
            customer_id=f"cus_{number % 9}",
            provider_id="pro_1",
            method_fingerprint=f"fp_{number % 40}",
            bin="424242",
            ip=f"203.0.113.{number % 6}",
            ip_kind="tor" if number % 11 == 0 else "",
            device_id=f"d{number % 13}",
            headless=number % 17 == 0,
        )
        payments.append(
            Payment(
                id=fact.subject,
                status=PaymentStatus.PROCESSING,
                rail="card",
                amount_cents=fact.amount_cents,
                method="tok_visa",
                customer_id=fact.customer_id,
                provider_id="pro_1",
                fraud=fraud_of(scorer.score(fact, at_ms), fact),
                environment="blue",
                release="1.0.0",
                region="us-east-1",
                created_at_ms=at_ms,
                updated_at_ms=at_ms,
            )
        )
    return payments


async def test_every_stored_decision_replays_to_the_same_score_from_what_the_store_keeps() -> None:
    registry = Registry((Payment, FraudRuleSet))
    store = MemoryStore(registry=registry, producer="blue", clock=HandClock())
    for _ in range(2):
        await keep_rules(store, RULES.fraud, RULES.version)
    kept = await store.read(FraudRuleSet, RULES.version)
    assert kept is not None
    rules = rules_of(kept)
    assert rules.version == RULES.version
    payments = [registry.decode("payment", registry.encode(payment)) for payment in scored_payments()]
    decisions = set()
    for payment in payments:
        assert isinstance(payment, Payment)
        again = replay(recorded(payment, rules), rules)
        reasons = [hard.reason for hard in again.hard] + [match.reason for match in again.reasons if match.points > 0]
        assert (again.value, again.decision) == (payment.fraud.score, payment.fraud.decision)
        assert tuple(reasons) == payment.fraud.reasons
        assert len(payment.fraud.readings) < 150
        decisions.add(payment.fraud.decision)
    assert len(decisions) > 2, "more than the easy ones"


@pytest.mark.parametrize("readings", [b"", b"\x91\x01", b"\xc1"])
def test_readings_of_other_rules_are_refused(readings: bytes) -> None:
    payment = scored_payments()[0]
    broken = msgspec.structs.replace(payment, fraud=msgspec.structs.replace(payment.fraud, readings=readings))
    with pytest.raises(ReadingsUnusable):
        recorded(broken, RULES)
