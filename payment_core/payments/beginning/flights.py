"""An operation between its two transactions: what the rail is told, and whose answer is awaited."""

from typing import Literal

import msgspec

from payment_core.acquirer.port import Instruction, Order
from payment_core.payments.model import Capture, Payment, Refund
from payment_core.payments.states import PaymentStatus

Kind = Literal["create", "capture", "void", "refund"]

CREATE, CAPTURE, CANCEL = "payments.create", "payments.capture", "payments.cancel"
REVIEW, REFUND = "payments.review", "refunds.create"
"""The operations, which are the scopes of idempotency keys."""


class Flight(msgspec.Struct, frozen=True, gc=False):
    """pending_key: operation and idempotency key, divided by the first colon; empty when nobody waits.

    subject: the capture or refund that it is about; None when it is about the payment itself. recovered: somebody else
    began it, so the rail is asked what became of it and nothing is sent.
    """

    kind: Kind
    payment: Payment
    subject: Capture | Refund | None
    pending_key: str
    lease_until_ms: int
    instruction: Instruction
    recovered: bool = False


def creation_flight(payment: Payment, *, recovered: bool = False) -> Flight:
    """A payment that is ``processing``: purchased at once, unless its money is to be captured later."""
    later = payment.capture == "manual" or payment.review == "pending"
    order: Order = "authorize" if later else "purchase"
    instruction = Instruction(payment.id, order, payment.rail, payment.method, payment.amount_cents, payment.currency)
    return Flight("create", payment, None, payment.pending_key, payment.lease_until_ms, instruction, recovered)


def capture_flight(payment: Payment, capture: Capture, *, recovered: bool = False) -> Flight:
    """A payment that is ``capturing``."""
    instruction = Instruction(
        capture.id,
        "capture",
        payment.rail,
        payment.method,
        capture.amount_cents,
        payment.currency,
        payment.id,
        capture.final,
    )
    return Flight("capture", payment, capture, payment.pending_key, payment.lease_until_ms, instruction, recovered)


def void_flight(payment: Payment, *, recovered: bool = False) -> Flight:
    """A payment that is ``canceling`` or ``expiring``: what was not captured is released."""
    instruction = Instruction(
        payment.pending_reference,
        "void",
        payment.rail,
        payment.method,
        payment.amount_cents - payment.captured_cents,
        payment.currency,
        payment.id,
    )
    return Flight("void", payment, None, payment.pending_key, payment.lease_until_ms, instruction, recovered)


def refund_flight(payment: Payment, refund: Refund, *, recovered: bool = False) -> Flight:
    """A refund that is ``pending``."""
    instruction = Instruction(
        refund.id, "refund", payment.rail, payment.method, refund.amount_cents, payment.currency, payment.id
    )
    return Flight("refund", payment, refund, refund.pending_key, refund.lease_until_ms, instruction, recovered)


def payment_flight(payment: Payment, capture: Capture | None) -> Flight | None:
    """What a payment's status says is in flight, to be recovered; None when nothing is, or a bank carries it."""
    if payment.lease_until_ms == 0:
        return None
    match payment.status:
        case PaymentStatus.PROCESSING:
            return creation_flight(payment, recovered=True)
        case PaymentStatus.CAPTURING:
            return None if capture is None else capture_flight(payment, capture, recovered=True)
        case PaymentStatus.CANCELING | PaymentStatus.EXPIRING:
            return void_flight(payment, recovered=True)
        case _:
            return None
