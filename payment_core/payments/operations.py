"""An operation in flight: what it is, which rows it holds and what the rail is told."""

from enum import StrEnum

import msgspec

from payment_core.acquirer.port import Instruction, Order
from payment_core.errors import IllegalTransition
from payment_core.payments.model import Payment, Refund
from payment_core.payments.states import PaymentStatus


class Operation(StrEnum):
    """What a write does; the scope of its idempotency key."""

    CREATE = "payments.create"
    CAPTURE = "payments.capture"
    CANCEL = "payments.cancel"
    REFUND = "refunds.create"


class InFlight(msgspec.Struct, frozen=True):
    """An operation between its two transactions; recovered: another process or request began it.

    lease_until_ms: until then it belongs to whoever holds this.
    """

    operation: Operation
    key: str
    payment: Payment
    refund: Refund | None
    lease_until_ms: int
    recovered: bool = False

    @property
    def instruction(self) -> Instruction:
        """What the rail is told. The reference is the same whoever asks, so the rail acts once."""
        payment = self.payment
        match self.operation:
            case Operation.CREATE:
                order: Order = "purchase" if payment.capture == "automatic" else "authorize"
                return self._instruct(order, payment.id, payment.amount_cents)
            case Operation.CAPTURE:
                return self._instruct("capture", f"{payment.id}:capture:{payment.version}", payment.requested_cents)
            case Operation.CANCEL:
                return self._instruct("void", f"{payment.id}:void:{payment.version}", payment.amount_cents)
            case Operation.REFUND:
                if self.refund is None:
                    raise IllegalTransition(f"a refund of {payment.id} without its row")
                return self._instruct("refund", self.refund.id, self.refund.amount_cents)

    def _instruct(self, order: Order, reference: str, amount_cents: int) -> Instruction:
        payment = self.payment
        return Instruction(reference, order, payment.rail, payment.method, amount_cents, payment.currency)


def operation_of(payment: Payment) -> Operation | None:
    """The operation that a payment's status says is in flight; None when none is."""
    match payment.status:
        case PaymentStatus.PROCESSING:
            return Operation.CREATE
        case PaymentStatus.CAPTURING:
            return Operation.CAPTURE
        case PaymentStatus.CANCELING:
            return Operation.CANCEL
        case _:
            return None
