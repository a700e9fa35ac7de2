"""Refunds: their money is set aside at once, so that it is not taken twice, and ends at the payer or where it was."""

from typing import Literal

from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.answers import Answer
from payment_core.errors import IllegalTransition
from payment_core.identifiers import new_id
from payment_core.ledger import recipes
from payment_core.money import fee_share_cents
from payment_core.payments import facts
from payment_core.payments.answers import refund_answer
from payment_core.payments.model import Payment, Refund, RefundSource, Waiting
from payment_core.payments.money.releasing import release_at
from payment_core.payments.moving import change_payment, change_refund
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.states import MONEY_STATUSES, PaymentEvent, RefundEvent, RefundStatus
from payment_core.payments.terms import RETRY_UNKNOWN_MS
from payment_core.store.port import Transaction


def refundable_cents(payment: Payment) -> int:
    """What can still be refunded: captured, and neither refunded nor disputed."""
    return payment.captured_cents - payment.refunded_cents - payment.disputed_cents


def queue_refund(
    transaction: Transaction,
    payment_id: str,
    amount_cents: int,
    reason: str,
    *,
    source: Literal["api", "escrow", "dispute"],
) -> Refund | PaymentRefusal:
    """Set the money of a refund aside and leave it queued; a job sends it.

    source ``escrow``: the caller has put the money back into the customer's escrow (``return_from_escrow``) in this
    transaction.
    """
    payment = transaction.get(Payment, payment_id)
    if payment is None:
        return PaymentRefusal.PAYMENT_NOT_FOUND
    refund = set_aside(transaction, payment, amount_cents, reason, source=source)
    if isinstance(refund, Refund):
        transaction.put(Waiting(id=refund.id, since_ms=transaction.now_ms))
    return refund


def set_aside(
    transaction: Transaction,
    payment: Payment,
    amount_cents: int | None,
    reason: str,
    *,
    source: RefundSource,
    lease_until_ms: int = 0,
    pending_key: str = "",
) -> Refund | PaymentRefusal:
    """Write the refund with its money; it is pending when there is a lease and queued otherwise.

    amount_cents: None for all that can be refunded. The money comes from what is not released yet, then from the
    provider.
    """
    if payment.status not in MONEY_STATUSES or payment.captured_cents == 0:
        return PaymentRefusal.PAYMENT_NOT_REFUNDABLE
    left = refundable_cents(payment)
    cents = left if amount_cents is None else amount_cents
    if cents > left or left == 0:
        return PaymentRefusal.AMOUNT_EXCEEDS_REFUNDABLE
    share = fee_share(payment, cents)
    from_escrow = min(payment.unreleased_cents, cents - share)
    from_available = cents - share - from_escrow
    if from_available > payment.released_cents:
        return PaymentRefusal.PAYMENT_IN_ESCROW
    now_ms = transaction.now_ms
    refund = Refund(
        id=new_id("ref", now_ms),
        payment_id=payment.id,
        status=RefundStatus.QUEUED if lease_until_ms == 0 else RefundStatus.PENDING,
        amount_cents=cents,
        fee_share_cents=share,
        from_escrow_cents=from_escrow,
        from_available_cents=from_available,
        reason=reason,
        source=source,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        lease_until_ms=lease_until_ms,
        pending_key=pending_key,
    )
    journal = recipes.refund_promised(
        refund.id,
        payment.id,
        payment.provider_id,
        fee_cents=share,
        escrow_cents=from_escrow,
        available_cents=from_available,
    )
    if not recipes.try_post(transaction, journal):
        return PaymentRefusal.PROVIDER_BALANCE_TOO_LOW
    _take(transaction, payment, refund)
    transaction.change(refund, facts.refund_moved(refund, payment))
    return refund


def fee_share(payment: Payment, cents: int) -> int:
    """The part of the fee that taking this much of the payment back gives back."""
    return fee_share_cents(
        amount=cents,
        fee=payment.fee_cents,
        captured=payment.captured_cents,
        refunded_after=payment.refunded_cents + payment.disputed_cents + cents,
        fee_refunded=payment.fee_refunded_cents,
    )


def _take(transaction: Transaction, payment: Payment, refund: Refund) -> None:
    unreleased = payment.unreleased_cents - refund.from_escrow_cents
    change_payment(
        transaction,
        payment,
        PaymentEvent.MONEY_MOVED,
        refunded_cents=payment.refunded_cents + refund.amount_cents,
        fee_refunded_cents=payment.fee_refunded_cents + refund.fee_share_cents,
        unreleased_cents=unreleased,
        released_cents=payment.released_cents - refund.from_available_cents,
        release_at_ms=payment.release_at_ms if unreleased > 0 else 0,
    )


def settle_refund(transaction: Transaction, refund_id: str, rail: RailAnswer) -> Answer:
    """Write what the rail said of a pending refund, once; the answer shows the refund as it is then.

    A refund that the rail never saw is sent again under its own id, so it is paid once and never lost.
    """
    refund = transaction.get(Refund, refund_id)
    payment = None if refund is None else transaction.get(Payment, refund.payment_id)
    if refund is None or payment is None:
        raise IllegalTransition(f"{refund_id} is not there to be settled")
    if refund.status is not RefundStatus.PENDING:
        return refund_answer(refund)
    match rail.verdict:
        case Verdict.APPROVED:
            moved = change_refund(transaction, refund, payment, RefundEvent.SETTLED, **_LANDED)
            recipes.must_post(
                transaction, recipes.refund_settled(refund.id, payment.id, amount_cents=refund.amount_cents)
            )
        case Verdict.DECLINED | Verdict.FAILED:
            moved = change_refund(transaction, refund, payment, RefundEvent.FAILED, error_code=rail.code, **_LANDED)
            _give_back(transaction, payment, refund)
        case Verdict.NOT_FOUND:
            moved = change_refund(transaction, refund, payment, RefundEvent.NEVER_SENT, **_LANDED)
            transaction.put(Waiting(id=refund.id, since_ms=refund.created_at_ms))
        case _:
            lease_until_ms = max(transaction.now_ms + RETRY_UNKNOWN_MS, refund.lease_until_ms)
            event = RefundEvent.STILL_UNKNOWN
            moved = change_refund(transaction, refund, payment, event, lease_until_ms=lease_until_ms, pending_key="")
    return refund_answer(moved)


def cancel_refund(transaction: Transaction, payment: Payment, refund: Refund) -> Payment:
    """Withdraw a refund that was not sent; its money goes back to where it came from. Returns the payment after it."""
    transaction.delete(Waiting, refund.id)
    change_refund(transaction, refund, payment, RefundEvent.CANCELED, **_LANDED)
    return _give_back(transaction, payment, refund)


_LANDED: dict[str, object] = {"lease_until_ms": 0, "pending_key": ""}


def _give_back(transaction: Transaction, payment: Payment, refund: Refund) -> Payment:
    """A refund failed or was canceled: its money goes back to where it came from."""
    recipes.must_post(
        transaction,
        recipes.refund_undone(
            refund.id,
            payment.id,
            payment.provider_id,
            fee_cents=refund.fee_share_cents,
            escrow_cents=refund.from_escrow_cents,
            available_cents=refund.from_available_cents,
        ),
    )
    unreleased = payment.unreleased_cents + refund.from_escrow_cents
    return change_payment(
        transaction,
        payment,
        PaymentEvent.MONEY_MOVED,
        refunded_cents=payment.refunded_cents - refund.amount_cents,
        fee_refunded_cents=payment.fee_refunded_cents - refund.fee_share_cents,
        unreleased_cents=unreleased,
        released_cents=payment.released_cents + refund.from_available_cents,
        release_at_ms=release_at(
            payment, transaction.now_ms, unreleased_cents=unreleased, open_disputes=payment.open_disputes
        ),
    )
