"""What flags have to say about a payment before it begins."""

from payment_core.flags.context import payment_context
from payment_core.flags.declared import (
    CARD_TESTING_CHALLENGE,
    DIRECT_ACH_TRANSFERS,
    PAYMENT_PROCESSOR,
    Context,
    Gates,
)
from payment_core.fraud.scorer import FraudDecision
from payment_core.origin import Origin
from payment_core.payments.ports import Method
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import CreatePayment, PaymentContext

CARD_TESTING = "card-testing"
"""The family of fraud rules whose points ask for a challenge."""

CHALLENGE_FROM_POINTS = 250
"""One strong sign of card testing; that a card is tried again, which honest payers do, adds 150."""

_NO_CONTEXT = PaymentContext()


class PaymentGates:
    """The flags, asked in the words of payments."""

    def __init__(self, flags: Gates, origin: Origin) -> None:
        self._flags = flags
        self._origin = origin

    def context(self, body: CreatePayment, method: Method | None) -> Context:
        """What targeting may ask for. method: None when nothing is known of it."""
        known = _NO_CONTEXT if body.context is None else body.context
        return payment_context(
            self._origin,
            customer_id=body.customer_id,
            provider_id=body.provider_id,
            rail="" if method is None else method.rail,
            amount_cents=body.amount.amount_cents,
            currency=body.amount.currency,
            countries=(known.billing_country, known.ip_country, "" if method is None else method.country),
            customer_type=known.customer_type,
            paid_count=known.paid_count,
        )

    def closed(self, context: Context) -> PaymentRefusal | None:
        """Why no payment is taken at all."""
        return None if self._flags.enabled(PAYMENT_PROCESSOR, context) else PaymentRefusal.PAYMENTS_OFF

    def closed_to(self, method: Method, context: Context) -> PaymentRefusal | None:
        """Why none is taken by this method."""
        if method.rail != "ach" or self._flags.enabled(DIRECT_ACH_TRANSFERS, context):
            return None
        return PaymentRefusal.BANK_DEBITS_OFF

    def challenged(self, body: CreatePayment, method: Method, decision: FraudDecision, context: Context) -> bool:
        """Whether the payer has to answer a challenge first, because the request looks like card testing."""
        score = decision.score
        if method.rail != "card" or score is None or score.families.get(CARD_TESTING, 0) < CHALLENGE_FROM_POINTS:
            return False
        passed = body.context is not None and body.context.challenge == "passed"
        return not passed and self._flags.enabled(CARD_TESTING_CHALLENGE, context)

    def exposures(self, context: Context) -> tuple[str, ...]:
        """The experiments that the payer takes part in."""
        return self._flags.exposures(context)
