"""The transition tables of payments, captures, refunds and disputes: what may follow what, and nothing else."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from payment_core.errors import IllegalTransition


class PaymentStatus(StrEnum):
    """processing, capturing, canceling and expiring wait for the rail; declined, failed and canceled are final."""

    HELD = "held"
    PROCESSING = "processing"
    REQUIRES_REVIEW = "requires_review"
    REQUIRES_CAPTURE = "requires_capture"
    CAPTURING = "capturing"
    CANCELING = "canceling"
    EXPIRING = "expiring"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELED = "canceled"


class PaymentEvent(StrEnum):
    """What moves a payment.

    sent: what waited is given to the rail. never_sent: it waits (again), because the rail has not seen it.
    still_unknown: the rail was asked and has not decided. closed: the rest of a partly captured payment was released.
    money_moved: a refund, a dispute, an escrow or the release to the provider changed its amounts.
    """

    SENT = "sent"
    NEVER_SENT = "never_sent"
    STILL_UNKNOWN = "still_unknown"
    AUTHORIZED = "authorized"
    AUTHORIZED_FOR_REVIEW = "authorized_for_review"
    PURCHASED = "purchased"
    DECLINED = "declined"
    FAILED = "failed"
    APPROVED = "approved"
    CAPTURE_REQUESTED = "capture_requested"
    CAPTURED = "captured"
    CAPTURED_IN_PART = "captured_in_part"
    CAPTURE_REFUSED = "capture_refused"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELED = "canceled"
    CLOSED = "closed"
    CANCEL_REFUSED = "cancel_refused"
    REJECTION_REFUSED = "rejection_refused"
    EXPIRY_DUE = "expiry_due"
    MONEY_MOVED = "money_moved"


class CaptureStatus(StrEnum):
    """queued waits for the end of the holding mode, pending for the rail; the others are final."""

    QUEUED = "queued"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class CaptureEvent(StrEnum):
    """What moves a capture."""

    SENT = "sent"
    NEVER_SENT = "never_sent"
    SETTLED = "settled"
    FAILED = "failed"


class RefundStatus(StrEnum):
    """queued waits to be sent, pending for the rail; the others are final."""

    QUEUED = "queued"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class RefundEvent(StrEnum):
    """What moves a refund. never_sent, still_unknown: as for payments. canceled: a dispute came before it was sent."""

    SENT = "sent"
    NEVER_SENT = "never_sent"
    STILL_UNKNOWN = "still_unknown"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELED = "canceled"


class DisputeStatus(StrEnum):
    """needs_response and under_review are open; lost, accepted and expired cost the money, won gives it back."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    ACCEPTED = "accepted"
    EXPIRED = "expired"


class DisputeEvent(StrEnum):
    """What moves a dispute. handed_in: the rail has the evidence."""

    EVIDENCE_GIVEN = "evidence_given"
    HANDED_IN = "handed_in"
    WON = "won"
    LOST = "lost"
    ACCEPTED = "accepted"
    EXPIRED = "expired"


S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)

AUTHORIZED_STATUSES = frozenset({PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.REQUIRES_REVIEW})
"""The statuses of an authorization that nothing is asked about: it ends when it expires."""

MONEY_STATUSES = frozenset(
    {
        PaymentStatus.REQUIRES_CAPTURE,
        PaymentStatus.CAPTURING,
        PaymentStatus.CANCELING,
        PaymentStatus.EXPIRING,
        PaymentStatus.SUCCEEDED,
    }
)
"""The statuses in which a payment can have captured money."""

PAYMENT_TRANSITIONS: Mapping[tuple[PaymentStatus, PaymentEvent], PaymentStatus] = MappingProxyType(
    {
        (PaymentStatus.HELD, PaymentEvent.SENT): PaymentStatus.PROCESSING,
        (PaymentStatus.HELD, PaymentEvent.CANCELED): PaymentStatus.CANCELED,
        (PaymentStatus.PROCESSING, PaymentEvent.NEVER_SENT): PaymentStatus.HELD,
        (PaymentStatus.PROCESSING, PaymentEvent.STILL_UNKNOWN): PaymentStatus.PROCESSING,
        (PaymentStatus.PROCESSING, PaymentEvent.AUTHORIZED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.PROCESSING, PaymentEvent.AUTHORIZED_FOR_REVIEW): PaymentStatus.REQUIRES_REVIEW,
        (PaymentStatus.PROCESSING, PaymentEvent.PURCHASED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.PROCESSING, PaymentEvent.DECLINED): PaymentStatus.DECLINED,
        (PaymentStatus.PROCESSING, PaymentEvent.FAILED): PaymentStatus.FAILED,
        (PaymentStatus.PROCESSING, PaymentEvent.CANCELED): PaymentStatus.CANCELED,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.SENT): PaymentStatus.PROCESSING,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.NEVER_SENT): PaymentStatus.HELD,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.APPROVED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.CAPTURE_REQUESTED): PaymentStatus.CAPTURING,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.CANCEL_REQUESTED): PaymentStatus.CANCELING,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.CANCELED): PaymentStatus.CANCELED,
        (PaymentStatus.REQUIRES_REVIEW, PaymentEvent.EXPIRY_DUE): PaymentStatus.EXPIRING,
        (PaymentStatus.REQUIRES_CAPTURE, PaymentEvent.CAPTURE_REQUESTED): PaymentStatus.CAPTURING,
        (PaymentStatus.REQUIRES_CAPTURE, PaymentEvent.CANCEL_REQUESTED): PaymentStatus.CANCELING,
        (PaymentStatus.REQUIRES_CAPTURE, PaymentEvent.EXPIRY_DUE): PaymentStatus.EXPIRING,
        (PaymentStatus.CAPTURING, PaymentEvent.SENT): PaymentStatus.CAPTURING,
        (PaymentStatus.CAPTURING, PaymentEvent.NEVER_SENT): PaymentStatus.CAPTURING,
        (PaymentStatus.CAPTURING, PaymentEvent.STILL_UNKNOWN): PaymentStatus.CAPTURING,
        (PaymentStatus.CAPTURING, PaymentEvent.CAPTURED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.CAPTURING, PaymentEvent.CAPTURED_IN_PART): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.CAPTURING, PaymentEvent.CAPTURE_REFUSED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.CANCELING, PaymentEvent.SENT): PaymentStatus.CANCELING,
        (PaymentStatus.CANCELING, PaymentEvent.NEVER_SENT): PaymentStatus.CANCELING,
        (PaymentStatus.CANCELING, PaymentEvent.STILL_UNKNOWN): PaymentStatus.CANCELING,
        (PaymentStatus.CANCELING, PaymentEvent.CANCELED): PaymentStatus.CANCELED,
        (PaymentStatus.CANCELING, PaymentEvent.CLOSED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.CANCELING, PaymentEvent.CANCEL_REFUSED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.CANCELING, PaymentEvent.REJECTION_REFUSED): PaymentStatus.REQUIRES_REVIEW,
        (PaymentStatus.EXPIRING, PaymentEvent.STILL_UNKNOWN): PaymentStatus.EXPIRING,
        (PaymentStatus.EXPIRING, PaymentEvent.CANCELED): PaymentStatus.CANCELED,
        (PaymentStatus.EXPIRING, PaymentEvent.CLOSED): PaymentStatus.SUCCEEDED,
        (PaymentStatus.EXPIRING, PaymentEvent.CANCEL_REFUSED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.EXPIRING, PaymentEvent.REJECTION_REFUSED): PaymentStatus.REQUIRES_REVIEW,
        (PaymentStatus.REQUIRES_CAPTURE, PaymentEvent.MONEY_MOVED): PaymentStatus.REQUIRES_CAPTURE,
        (PaymentStatus.CAPTURING, PaymentEvent.MONEY_MOVED): PaymentStatus.CAPTURING,
        (PaymentStatus.CANCELING, PaymentEvent.MONEY_MOVED): PaymentStatus.CANCELING,
        (PaymentStatus.EXPIRING, PaymentEvent.MONEY_MOVED): PaymentStatus.EXPIRING,
        (PaymentStatus.SUCCEEDED, PaymentEvent.MONEY_MOVED): PaymentStatus.SUCCEEDED,
    }
)

CAPTURE_TRANSITIONS: Mapping[tuple[CaptureStatus, CaptureEvent], CaptureStatus] = MappingProxyType(
    {
        (CaptureStatus.QUEUED, CaptureEvent.SENT): CaptureStatus.PENDING,
        (CaptureStatus.PENDING, CaptureEvent.NEVER_SENT): CaptureStatus.QUEUED,
        (CaptureStatus.PENDING, CaptureEvent.SETTLED): CaptureStatus.SUCCEEDED,
        (CaptureStatus.PENDING, CaptureEvent.FAILED): CaptureStatus.FAILED,
    }
)

REFUND_TRANSITIONS: Mapping[tuple[RefundStatus, RefundEvent], RefundStatus] = MappingProxyType(
    {
        (RefundStatus.QUEUED, RefundEvent.SENT): RefundStatus.PENDING,
        (RefundStatus.QUEUED, RefundEvent.CANCELED): RefundStatus.CANCELED,
        (RefundStatus.PENDING, RefundEvent.NEVER_SENT): RefundStatus.QUEUED,
        (RefundStatus.PENDING, RefundEvent.STILL_UNKNOWN): RefundStatus.PENDING,
        (RefundStatus.PENDING, RefundEvent.SETTLED): RefundStatus.SUCCEEDED,
        (RefundStatus.PENDING, RefundEvent.FAILED): RefundStatus.FAILED,
    }
)

DISPUTE_TRANSITIONS: Mapping[tuple[DisputeStatus, DisputeEvent], DisputeStatus] = MappingProxyType(
    {
        (DisputeStatus.NEEDS_RESPONSE, DisputeEvent.EVIDENCE_GIVEN): DisputeStatus.UNDER_REVIEW,
        (DisputeStatus.NEEDS_RESPONSE, DisputeEvent.WON): DisputeStatus.WON,
        (DisputeStatus.NEEDS_RESPONSE, DisputeEvent.LOST): DisputeStatus.LOST,
        (DisputeStatus.NEEDS_RESPONSE, DisputeEvent.ACCEPTED): DisputeStatus.ACCEPTED,
        (DisputeStatus.NEEDS_RESPONSE, DisputeEvent.EXPIRED): DisputeStatus.EXPIRED,
        (DisputeStatus.UNDER_REVIEW, DisputeEvent.HANDED_IN): DisputeStatus.UNDER_REVIEW,
        (DisputeStatus.ACCEPTED, DisputeEvent.HANDED_IN): DisputeStatus.ACCEPTED,
        (DisputeStatus.UNDER_REVIEW, DisputeEvent.WON): DisputeStatus.WON,
        (DisputeStatus.UNDER_REVIEW, DisputeEvent.LOST): DisputeStatus.LOST,
    }
)


def after(table: Mapping[tuple[S, E], S], status: S, event: E) -> S:
    """The status after the event; raises IllegalTransition for a pair that the table does not have."""
    following = table.get((status, event))
    if following is None:
        raise IllegalTransition(f"{status} cannot be {event}")
    return following
