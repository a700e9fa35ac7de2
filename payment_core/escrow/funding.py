"""Payments as escrows use them: what they can give, and their own books of it."""

from functools import partial

from payment_core.errors import JournalRefused
from payment_core.escrow.acts.splits import gross_refund_cents
from payment_core.escrow.ports import Funding, RefundRefused
from payment_core.payments.model import Payment, Refund
from payment_core.payments.money.escrowing import move_to_escrow, release_from_escrow, return_from_escrow
from payment_core.payments.money.refunds import fee_share, queue_refund, refundable_cents
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.states import MONEY_STATUSES
from payment_core.store.port import Transaction


class PaymentFunds:
    """The escrows' ``EscrowPayments`` over payments; each call changes the payment in the escrow's transaction."""

    def describe(self, transaction: Transaction, payment_id: str) -> Funding | None:
        """What the payment can give; nothing while it is disputed."""
        payment = transaction.get(Payment, payment_id)
        if payment is None:
            return None
        is_disputed = payment.open_disputes > 0
        has_money = payment.status in MONEY_STATUSES and not is_disputed
        return Funding(
            provider_id=payment.provider_id,
            customer_id=payment.customer_id,
            free_cents=payment.unreleased_cents if has_money else 0,
            risk_score=max(0, payment.fraud.score),
            is_disputed=is_disputed,
        )

    def take(self, transaction: Transaction, payment_id: str, amount_cents: int) -> None:
        """Mark so much of it as held in escrow."""
        _require(move_to_escrow(transaction, payment_id, amount_cents))

    def release(self, transaction: Transaction, payment_id: str, amount_cents: int) -> None:
        """Mark so much of what is held as released."""
        _require(release_from_escrow(transaction, payment_id, amount_cents))

    def refund(self, transaction: Transaction, payment_id: str, amount_cents: int, reason: str) -> None:
        """Give the provider's share back, and queue the refund that takes exactly it and the platform's share."""
        payment = _require(return_from_escrow(transaction, payment_id, amount_cents))
        share = partial(fee_share, payment)
        gross = gross_refund_cents(amount_cents, refundable_cents(payment), share)
        # Less would leave money of the payer with the provider: a dispute holds a part of the payment.
        if gross - share(gross) != amount_cents:
            raise RefundRefused(f"{payment_id}: no refund takes exactly {amount_cents} cents of the provider.")
        refund = queue_refund(transaction, payment_id, gross, reason, source="escrow")
        if not isinstance(refund, Refund):
            raise RefundRefused(f"{payment_id}: {refund.value}.")


def _require(payment: Payment | PaymentRefusal) -> Payment:
    """The payment; the escrow's own books already say that it can give this."""
    if isinstance(payment, PaymentRefusal):
        raise JournalRefused(f"Escrow and payment disagree: {payment.value}.")
    return payment
