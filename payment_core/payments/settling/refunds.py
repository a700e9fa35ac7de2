"""How refunds end: the rail paid, refused, has not decided, or never saw it and gets it again."""

from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.answers import Answer
from payment_core.errors import IllegalTransition
from payment_core.ledger import recipes
from payment_core.payments import facts
from payment_core.payments.answers import refund_answer
from payment_core.payments.beginning.refunding import give_back
from payment_core.payments.model import Payment, Refund, Waiting, move_refund
from payment_core.payments.states import RefundEvent, RefundStatus
from payment_core.payments.terms import RETRY_UNKNOWN_MS
from payment_core.store.port import Transaction


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
            moved = _land(transaction, refund, RefundEvent.SETTLED)
            recipes.must_post(
                transaction, recipes.refund_settled(refund.id, payment.id, amount_cents=refund.amount_cents)
            )
        case Verdict.DECLINED | Verdict.FAILED:
            moved = _land(transaction, refund, RefundEvent.FAILED, rail.code)
            give_back(transaction, payment, refund)
        case Verdict.NOT_FOUND:
            moved = _land(transaction, refund, RefundEvent.NEVER_SENT)
            transaction.put(Waiting(id=refund.id, since_ms=refund.created_at_ms))
        case _:
            lease_until_ms = max(transaction.now_ms + RETRY_UNKNOWN_MS, refund.lease_until_ms)
            moved = move_refund(
                refund, RefundEvent.STILL_UNKNOWN, transaction.now_ms, lease_until_ms=lease_until_ms, pending_key=""
            )
    transaction.change(moved, facts.refund_moved(moved, payment))
    return refund_answer(moved)


def cancel_refund(transaction: Transaction, payment: Payment, refund: Refund) -> Payment:
    """Withdraw a refund that was not sent; its money goes back to where it came from. Returns the payment after it."""
    transaction.delete(Waiting, refund.id)
    canceled = _land(transaction, refund, RefundEvent.CANCELED)
    transaction.change(canceled, facts.refund_moved(canceled, payment))
    return give_back(transaction, payment, refund)


def _land(transaction: Transaction, refund: Refund, event: RefundEvent, error_code: str = "") -> Refund:
    return move_refund(refund, event, transaction.now_ms, error_code=error_code, lease_until_ms=0, pending_key="")
