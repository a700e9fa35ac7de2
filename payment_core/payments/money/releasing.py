"""Captured money becomes the provider's after a delay, unless something stands against it."""

from payment_core.ledger import recipes
from payment_core.payments.model import Payment
from payment_core.payments.moving import change_payment
from payment_core.payments.states import PaymentEvent
from payment_core.store.port import Transaction


def release_at(payment: Payment, now_ms: int, *, unreleased_cents: int, open_disputes: int) -> int:
    """When the rest is released: as planned, at once when the plan was carried out before, 0 when something blocks."""
    blocked = payment.release_mode == "escrow" or open_disputes > 0
    if blocked or unreleased_cents == 0:
        return 0
    return now_ms if payment.release_at_ms == 0 else payment.release_at_ms


def release_due(transaction: Transaction, payment_id: str) -> bool:
    """Give the provider what is due of a payment; False when nothing is."""
    payment = transaction.get(Payment, payment_id)
    if payment is None or not 0 < payment.release_at_ms <= transaction.now_ms or payment.open_disputes > 0:
        return False
    cents = payment.unreleased_cents
    released = change_payment(
        transaction,
        payment,
        PaymentEvent.MONEY_MOVED,
        unreleased_cents=0,
        released_cents=payment.released_cents + cents,
        release_at_ms=0,
    )
    journal = recipes.release(payment.id, released.version, payment.provider_id, amount_cents=cents)
    recipes.must_post(transaction, journal)
    return True
