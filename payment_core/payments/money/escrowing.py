"""A payment's money on its way into escrows and out of them; the escrow posts the journals in the same transaction."""

from payment_core.payments.model import Payment
from payment_core.payments.money.releasing import release_at
from payment_core.payments.moving import change_payment
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.states import MONEY_STATUSES, PaymentEvent
from payment_core.store.port import Transaction


def move_to_escrow(transaction: Transaction, payment_id: str, amount_cents: int) -> Payment | PaymentRefusal:
    """Take money out of the customer's escrow account for one escrow.

    The caller posts ``customer_escrow/<provider> -> escrow_held/<escrow>`` of this amount.
    """
    payment = transaction.get(Payment, payment_id)
    if payment is None:
        return PaymentRefusal.PAYMENT_NOT_FOUND
    if payment.status not in MONEY_STATUSES or amount_cents > payment.unreleased_cents:
        return PaymentRefusal.AMOUNT_EXCEEDS_UNRELEASED
    return _move(transaction, payment, escrowed_cents=amount_cents, unreleased_cents=-amount_cents)


def return_from_escrow(transaction: Transaction, payment_id: str, amount_cents: int) -> Payment | PaymentRefusal:
    """Put money back from an escrow; the caller posts ``escrow_held/<escrow> -> customer_escrow/<provider>``."""
    payment = _escrowed(transaction, payment_id, amount_cents)
    if isinstance(payment, PaymentRefusal):
        return payment
    return _move(transaction, payment, escrowed_cents=-amount_cents, unreleased_cents=amount_cents)


def release_from_escrow(transaction: Transaction, payment_id: str, amount_cents: int) -> Payment | PaymentRefusal:
    """An escrow paid the provider; the caller posts ``escrow_held/<escrow> -> provider_available/<provider>``."""
    payment = _escrowed(transaction, payment_id, amount_cents)
    if isinstance(payment, PaymentRefusal):
        return payment
    return _move(transaction, payment, escrowed_cents=-amount_cents, released_cents=amount_cents)


def _escrowed(transaction: Transaction, payment_id: str, amount_cents: int) -> Payment | PaymentRefusal:
    payment = transaction.get(Payment, payment_id)
    if payment is None:
        return PaymentRefusal.PAYMENT_NOT_FOUND
    return PaymentRefusal.AMOUNT_EXCEEDS_ESCROWED if amount_cents > payment.escrowed_cents else payment


def _move(
    transaction: Transaction,
    payment: Payment,
    *,
    escrowed_cents: int,
    unreleased_cents: int = 0,
    released_cents: int = 0,
) -> Payment:
    """Change the three amounts by so much."""
    now_ms = transaction.now_ms
    unreleased = payment.unreleased_cents + unreleased_cents
    return change_payment(
        transaction,
        payment,
        PaymentEvent.MONEY_MOVED,
        escrowed_cents=payment.escrowed_cents + escrowed_cents,
        unreleased_cents=unreleased,
        released_cents=payment.released_cents + released_cents,
        release_at_ms=release_at(payment, now_ms, unreleased_cents=unreleased, open_disputes=payment.open_disputes),
    )
