"""An operation between its two transactions: what the rail is told, and whose answer is awaited."""

import msgspec

from payment_core.acquirer.port import Instruction, Order
from payment_core.operations.once import KeyRecord
from payment_core.payments.model import Capture, Payment, Refund
from payment_core.vault.numbers.sensitive import Cvc

CREATE, CAPTURE, CANCEL = "payments.create", "payments.capture", "payments.cancel"
REVIEW, REFUND = "payments.review", "refunds.create"
"""The operations, which are the scopes of idempotency keys."""


class Flight(msgspec.Struct, frozen=True, gc=False):
    """refund: that it is about; None when it is about the payment or a capture of it.

    key: of the request that takes the payment, as it was claimed. recovered: somebody else began it, so the rail is
    asked what became of it and nothing is sent.
    """

    payment: Payment
    instruction: Instruction
    refund: Refund | None = None
    key: KeyRecord | None = None
    recovered: bool = False

    @property
    def creates(self) -> bool:
        """Whether it is the attempt to take the payment."""
        return self.instruction.order in {"authorize", "purchase"}

    @property
    def pending_key(self) -> str:
        """The record of the idempotency key whose answer it is; empty when nobody waits."""
        return self.payment.pending_key if self.refund is None else self.refund.pending_key

    @property
    def lease_until_ms(self) -> int:
        """Until when it belongs to who began it."""
        return self.payment.lease_until_ms if self.refund is None else self.refund.lease_until_ms


def creation_flight(payment: Payment, cvc: Cvc | None = None, key: KeyRecord | None = None) -> Flight:
    """A payment that is ``processing``: purchased at once, unless its money is to be captured later."""
    later = payment.capture == "manual" or payment.review == "pending"
    order: Order = "authorize" if later else "purchase"
    rail, method, currency = payment.rail, payment.method, payment.currency
    instruction = Instruction(payment.id, order, rail, method, payment.amount_cents, currency, cvc=cvc)
    return Flight(payment, instruction, key=key)


def capture_flight(payment: Payment, capture: Capture) -> Flight:
    """A payment that is ``capturing``."""
    return _about(payment, capture.id, "capture", capture.amount_cents, final=capture.final)


def void_flight(payment: Payment) -> Flight:
    """A payment that is ``canceling`` or ``expiring``: what was not captured is released."""
    return _about(payment, payment.pending_reference, "void", payment.amount_cents - payment.captured_cents)


def refund_flight(payment: Payment, refund: Refund) -> Flight:
    """A refund that is ``pending``."""
    return _about(payment, refund.id, "refund", refund.amount_cents, refund=refund)


def _about(
    payment: Payment,
    reference: str,
    order: Order,
    amount_cents: int,
    *,
    final: bool = True,
    refund: Refund | None = None,
) -> Flight:
    """About a payment that the rail has."""
    rail, method, currency = payment.rail, payment.method, payment.currency
    return Flight(
        payment, Instruction(reference, order, rail, method, amount_cents, currency, payment.id, final), refund
    )
