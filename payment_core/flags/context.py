"""What is known of a payment or payout, in the words that targeting rules use."""

from typing import Literal

from checks.facts import PaymentRequested, Rail
from payment_core.flags.declared import Context
from payment_core.origin import Origin


def payment_context(
    origin: Origin,
    *,
    customer_id: str,
    provider_id: str,
    rail: Rail | Literal[""],
    amount_cents: int,
    currency: str,
    countries: tuple[str, ...] = (),
    customer_type: str = "",
    paid_count: int = 0,
) -> Context:
    """Of a payment. countries: ISO 3166-1 alpha-2, of which the first that is not empty counts.

    paid_count: paid payments of the customer. rail: empty when nothing is known of the payment method.
    """
    return {
        "targetingKey": customer_id,
        "country": next((country for country in countries if country != ""), ""),
        "customer_type": customer_type,
        "history": paid_count,
        "merchant": provider_id,
        "rail": rail,
        "amount_cents": amount_cents,
        "currency": currency,
        "environment": origin.environment,
        "region": origin.region,
        "release": origin.release,
    }


def requested_context(requested: PaymentRequested) -> Context:
    """Of a payment that is being scored: as `payment_context` has it, from the fact."""
    return payment_context(
        Origin(requested.environment, requested.version, requested.region),
        customer_id=requested.customer_id,
        provider_id=requested.provider_id,
        rail=requested.rail,
        amount_cents=requested.amount_cents,
        currency=requested.currency,
        countries=(requested.billing_country, requested.ip_country, requested.card_country),
        customer_type=requested.customer_type,
        paid_count=requested.paid_count,
    )


def provider_context(origin: Origin, provider_id: str, amount_cents: int = 0) -> Context:
    """Of what concerns a provider alone: a payout, or its escrow. amount_cents: 0 when all that there is is meant."""
    return {
        "targetingKey": provider_id,
        "merchant": provider_id,
        "rail": "ach",
        "amount_cents": amount_cents,
        "currency": "USD",
        "environment": origin.environment,
        "region": origin.region,
        "release": origin.release,
    }
