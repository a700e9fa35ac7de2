"""Whether what a request has asked for is still under way, long after it was answered."""

from payment_core.payments.model import Payment, Refund
from payment_core.payments.states import PaymentStatus, RefundStatus
from payment_core.store.port import Transaction

_REFUND = "ref_"

_PAYMENT_WAITS = frozenset(
    {
        PaymentStatus.HELD,
        PaymentStatus.PROCESSING,
        PaymentStatus.REQUIRES_REVIEW,
        PaymentStatus.CAPTURING,
        PaymentStatus.CANCELING,
        PaymentStatus.EXPIRING,
    }
)
_REFUND_WAITS = frozenset({RefundStatus.QUEUED, RefundStatus.PENDING})


def is_unfinished(transaction: Transaction, resource_id: str) -> bool:
    """Whether the payment or refund waits for the holding mode's end, for a person, for a rail or for a bank."""
    if resource_id.startswith(_REFUND):
        refund = transaction.get(Refund, resource_id)
        return refund is not None and refund.status in _REFUND_WAITS
    payment = transaction.get(Payment, resource_id)
    return payment is not None and payment.status in _PAYMENT_WAITS
