"""The transition tables of payments and refunds: what may follow what, and nothing else."""

from enum import StrEnum
from types import MappingProxyType

from payment_core.errors import IllegalTransition


class PaymentStatus(StrEnum):
    """processing, capturing and canceling wait for the rail; declined, failed and canceled are final."""

    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CAPTURING = "capturing"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELED = "canceled"


class PaymentEvent(StrEnum):
    """What moves a payment."""

    AUTHORIZED = "authorized"
    PURCHASED = "purchased"
    DECLINED = "declined"
    FAILED = "failed"
    CAPTURE_REQUESTED = "capture_requested"
    CAPTURED = "captured"
    CAPTURE_REFUSED = "capture_refused"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELED = "canceled"
    CANCEL_REFUSED = "cancel_refused"
    REFUND_REQUESTED = "refund_requested"
    REFUND_FAILED = "refund_failed"


class RefundStatus(StrEnum):
    """pending waits for the rail; the others are final."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RefundEvent(StrEnum):
    """What moves a refund."""

    SETTLED = "settled"
    FAILED = "failed"


PAYMENT_TRANSITIONS = MappingProxyType(
    {
        (PaymentStatus.PROCESSING, PaymentEvent.AUTHORIZED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.PROCESSING, PaymentEvent.PURCHASED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.PROCESSING, PaymentEvent.DECLINED): PaymentStatus.DECLINED,
        (PaymentStatus.PROCESSING, PaymentEvent.FAILED): PaymentStatus.FAILED,
        (PaymentStatus.REQUIRES_CAPTURE, PaymentEvent.CAPTURE_REQUESTED): PaymentStatus.CAPTURING,
        (PaymentStatus.REQUIRES_CAPTURE, PaymentEvent.CANCEL_REQUESTED): PaymentStatus.CANCELING,
        (PaymentStatus.CAPTURING, PaymentEvent.CAPTURED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.CAPTURING, PaymentEvent.CAPTURE_REFUSED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.CANCELING, PaymentEvent.CANCELED): PaymentStatus.CANCELED,
        (PaymentStatus.CANCELING, PaymentEvent.CANCEL_REFUSED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.SUCCEEDED, PaymentEvent.REFUND_REQUESTED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.SUCCEEDED, PaymentEvent.REFUND_FAILED): PaymentStatus.SUCCEEDED,
    }
)

REFUND_TRANSITIONS = MappingProxyType(
    {
        (RefundStatus.PENDING, RefundEvent.SETTLED): RefundStatus.SUCCEEDED,
        (RefundStatus.PENDING, RefundEvent.FAILED): RefundStatus.FAILED,
    }
)


def next_payment_status(status: PaymentStatus, event: PaymentEvent) -> PaymentStatus:
    """The status after the event; raises IllegalTransition for a pair that the table does not have."""
    following = PAYMENT_TRANSITIONS.get((status, event))
    if following is None:
        raise IllegalTransition(f"a {status} payment cannot be {event}")
    return following


def next_refund_status(status: RefundStatus, event: RefundEvent) -> RefundStatus:
    """The status after the event; raises IllegalTransition for a pair that the table does not have."""
    following = REFUND_TRANSITIONS.get((status, event))
    if following is None:
        raise IllegalTransition(f"a {status} refund cannot be {event}")
    return following
