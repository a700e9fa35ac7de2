"""Finds what is in flight of a payment or refund, for whoever did not begin it."""

import msgspec

from payment_core.operations.once import OnceRefusal
from payment_core.payments.model import Capture, Payment, Refund
from payment_core.payments.rail.flights import Flight, capture_flight, creation_flight, refund_flight, void_flight
from payment_core.payments.states import PaymentStatus, RefundStatus
from payment_core.store.port import Transaction


def resume(transaction: Transaction, resource_id: str) -> Flight | OnceRefusal:
    """The operation of a key without an answer: still running, or to be recovered because its lease has ended."""
    flight = find_abandoned(transaction, resource_id)
    return OnceRefusal.IDEMPOTENCY_IN_PROGRESS if flight is None else flight


def find_abandoned(transaction: Transaction, resource_id: str) -> Flight | None:
    """What is in flight and belongs to nobody any more, because its lease has ended."""
    flight = find_flight(transaction, resource_id)
    return None if flight is None or flight.lease_until_ms > transaction.now_ms else flight


def find_flight(transaction: Transaction, resource_id: str) -> Flight | None:
    """What is in flight, to be recovered; None when nothing is, or a bank carries it."""
    refund = transaction.get(Refund, resource_id)
    payment = transaction.get(Payment, resource_id if refund is None else refund.payment_id)
    if payment is None:
        return None
    flight = _of_payment(transaction, payment) if refund is None else _of_refund(payment, refund)
    if flight is None or flight.lease_until_ms == 0:
        return None
    return msgspec.structs.replace(flight, recovered=True)


def _of_refund(payment: Payment, refund: Refund) -> Flight | None:
    return refund_flight(payment, refund) if refund.status is RefundStatus.PENDING else None


def _of_payment(transaction: Transaction, payment: Payment) -> Flight | None:
    match payment.status:
        case PaymentStatus.PROCESSING:
            return creation_flight(payment)
        case PaymentStatus.CAPTURING:
            capture = transaction.get(Capture, payment.pending_reference)
            return None if capture is None else capture_flight(payment, capture)
        case PaymentStatus.CANCELING | PaymentStatus.EXPIRING:
            return void_flight(payment)
        case _:
            return None
