"""Payments of customers who were drawn to a variant, with outcomes by chance."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks.facts import PaymentAttempted, PaymentCaptured, PaymentOutcome

START_MS = 1_790_000_000_000
EVERY_MS = 100


@dataclass(frozen=True)
class Behaviour:
    """What payments of a variant are like."""

    failed: float = 0.01
    declined: float = 0.05
    slow: float = 0.0


def payment(
    number: int,
    outcome: PaymentOutcome = "succeeded",
    *,
    at_ms: int | None = None,
    customer_id: str | None = None,
    latency_ms: float = 120.0,
) -> PaymentAttempted:
    """One payment of a customer of its own, unless one is named; one every EVERY_MS."""
    return PaymentAttempted(
        id=f"pay_{number}.attempted",
        at_ms=START_MS + number * EVERY_MS if at_ms is None else at_ms,
        subject=f"pay_{number}",
        rail="card",
        outcome=outcome,
        amount_cents=5_000,
        latency_ms=latency_ms,
        customer_id=f"cus_{number}" if customer_id is None else customer_id,
    )


def capture(attempt: PaymentAttempted, cost_microcents: int, amount_cents: int = 5_000) -> PaymentCaptured:
    """Its money is taken."""
    return PaymentCaptured(
        id=f"{attempt.subject}.captured",
        at_ms=attempt.at_ms,
        subject=f"cap_{attempt.subject}",
        rail="card",
        amount_cents=amount_cents,
        cost_microcents=cost_microcents,
        payment_id=attempt.subject,
        customer_id=attempt.customer_id,
    )


def drawn(
    shares: Mapping[str, float], behaviours: Mapping[str, Behaviour], payments: int, *, seed: int = 1, first: int = 0
) -> Iterator[tuple[str, PaymentAttempted]]:
    """Each payment with the variant of its customer."""
    chance = random.Random(seed)  # noqa: S311  # reproducible outcomes
    names = list(shares)
    for number in range(first, first + payments):
        variant = chance.choices(names, [shares[name] for name in names])[0]
        behaviour = behaviours[variant]
        dice = chance.random()
        outcome: PaymentOutcome = (
            "failed"
            if dice < behaviour.failed
            else "declined"
            if dice < behaviour.failed + behaviour.declined
            else "succeeded"
        )
        latency_ms = 2_500.0 if chance.random() < behaviour.slow else 120.0
        yield variant, payment(number, outcome, latency_ms=latency_ms)
