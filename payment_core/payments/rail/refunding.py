"""The first transaction of a refund: its money is set aside, and it goes to the rail at once or waits."""

from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, claim, key_id, recall, remember
from payment_core.payments.answers import refund_answer
from payment_core.payments.control import is_holding
from payment_core.payments.model import Payment, Refund, Waiting
from payment_core.payments.money.refunds import set_aside
from payment_core.payments.rail.changing import Begun
from payment_core.payments.rail.flights import REFUND, refund_flight
from payment_core.payments.rail.resuming import resume
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import CreateRefund
from payment_core.store.port import Transaction


def begin_refund(transaction: Transaction, call: Call, body: CreateRefund, lease_ms: int) -> Begun:
    """Begin the refund, or say what the key already stands for; it waits for the holding mode's end or an ACH file."""
    known = recall(transaction, REFUND, call)
    if known is not None:
        return resume(transaction, known.resource_id) if isinstance(known, KeyRecord) else known
    payment = transaction.get(Payment, body.payment_id)
    if payment is None:
        return PaymentRefusal.PAYMENT_NOT_FOUND
    waits = is_holding(transaction) or payment.ach_entry_id != ""
    lease_until_ms = 0 if waits else transaction.now_ms + lease_ms
    refund = set_aside(
        transaction,
        payment,
        None if body.amount is None else body.amount.amount_cents,
        body.reason,
        source="api",
        lease_until_ms=lease_until_ms,
        pending_key="" if waits else key_id(REFUND, call.key),
    )
    if not isinstance(refund, Refund):
        return refund
    if waits:
        transaction.put(Waiting(id=refund.id, since_ms=transaction.now_ms))
        answer = refund_answer(refund)
        remember(transaction, REFUND, call, answer, refund.id)
        return answer
    claim(transaction, REFUND, call, refund.id, lease_until_ms)
    return refund_flight(payment, refund)
