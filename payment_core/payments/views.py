"""Payments, captures, refunds and disputes as the API shows them."""

from typing import Literal

import msgspec

from checks.facts import Rail
from payment_core.money import Money
from payment_core.payments.model import (
    Capture,
    CaptureMode,
    Dispute,
    Payment,
    Refund,
    RefundSource,
    ReleaseMode,
    Review,
)
from payment_core.payments.states import CaptureStatus, DisputeStatus, PaymentStatus, RefundStatus


class FraudView(msgspec.Struct, frozen=True, gc=False):
    """What the fraud score said. score: 0 to 1000; -1 when there was none. reasons: codes."""

    decision: str
    score: int
    reasons: tuple[str, ...]


class PaymentView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A payment. version: grows by one with every change. fee: the platform's part of what was captured.

    released: what the provider was given; escrowed: what lies in escrows. expires_at_ms: of the authorization, 0 when
    nothing is left to capture. release_at_ms: when the provider gets the rest, 0 when no time is set.
    """

    id: str
    object: Literal["payment"] = "payment"
    status: PaymentStatus
    version: int
    rail: Rail
    amount: Money
    captured: Money
    refunded: Money
    disputed: Money
    released: Money
    escrowed: Money
    fee: Money
    capture: CaptureMode
    release_mode: ReleaseMode
    payment_method: str
    brand: str
    last4: str
    customer_id: str
    provider_id: str
    description: str
    metadata: dict[str, str]
    fraud: FraudView
    review: Review
    decline_code: str
    error_code: str
    environment: str
    release: str
    expires_at_ms: int
    release_at_ms: int
    created_at_ms: int
    updated_at_ms: int


class CaptureView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A capture. final: whether it released what it did not take."""

    id: str
    object: Literal["capture"] = "capture"
    status: CaptureStatus
    version: int
    payment_id: str
    amount: Money
    fee: Money
    final: bool
    error_code: str
    created_at_ms: int
    updated_at_ms: int


class RefundView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A refund. fee_returned: the part of the platform's fee that it gives back. source: what asked for it."""

    id: str
    object: Literal["refund"] = "refund"
    status: RefundStatus
    version: int
    payment_id: str
    amount: Money
    fee_returned: Money
    reason: str
    source: RefundSource
    error_code: str
    created_at_ms: int
    updated_at_ms: int


class DisputeView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A dispute. at_risk: the part of the claim that was neither refunded nor disputed before.

    owed: what the provider owes since it was lost, because it was not there to be taken.
    """

    id: str
    object: Literal["dispute"] = "dispute"
    status: DisputeStatus
    version: int
    payment_id: str
    provider_id: str
    rail: Rail
    amount: Money
    at_risk: Money
    owed: Money
    reason: str
    reference: str
    return_code: str
    evidence_given: bool
    evidence_due_at_ms: int
    created_at_ms: int
    updated_at_ms: int


def view_payment(payment: Payment) -> PaymentView:
    """What a caller sees of the payment."""
    fraud = payment.fraud
    return PaymentView(
        id=payment.id,
        status=payment.status,
        version=payment.version,
        rail=payment.rail,
        amount=Money(payment.amount_cents),
        captured=Money(payment.captured_cents),
        refunded=Money(payment.refunded_cents),
        disputed=Money(payment.disputed_cents),
        released=Money(payment.released_cents),
        escrowed=Money(payment.escrowed_cents),
        fee=Money(payment.fee_cents - payment.fee_refunded_cents),
        capture=payment.capture,
        release_mode=payment.release_mode,
        payment_method=payment.method,
        brand=payment.brand,
        last4=payment.last4,
        customer_id=payment.customer_id,
        provider_id=payment.provider_id,
        description=payment.description,
        metadata=payment.metadata,
        fraud=FraudView(fraud.decision, fraud.score, fraud.reasons),
        review=payment.review,
        decline_code=payment.decline_code,
        error_code=payment.error_code,
        environment=payment.environment,
        release=payment.release,
        expires_at_ms=payment.expires_at_ms,
        release_at_ms=payment.release_at_ms,
        created_at_ms=payment.created_at_ms,
        updated_at_ms=payment.updated_at_ms,
    )


def view_capture(capture: Capture) -> CaptureView:
    """What a caller sees of the capture."""
    return CaptureView(
        id=capture.id,
        status=capture.status,
        version=capture.version,
        payment_id=capture.payment_id,
        amount=Money(capture.amount_cents),
        fee=Money(capture.fee_cents),
        final=capture.final,
        error_code=capture.error_code,
        created_at_ms=capture.created_at_ms,
        updated_at_ms=capture.updated_at_ms,
    )


def view_refund(refund: Refund) -> RefundView:
    """What a caller sees of the refund."""
    return RefundView(
        id=refund.id,
        status=refund.status,
        version=refund.version,
        payment_id=refund.payment_id,
        amount=Money(refund.amount_cents),
        fee_returned=Money(refund.fee_share_cents),
        reason=refund.reason,
        source=refund.source,
        error_code=refund.error_code,
        created_at_ms=refund.created_at_ms,
        updated_at_ms=refund.updated_at_ms,
    )


def view_dispute(dispute: Dispute) -> DisputeView:
    """What a caller sees of the dispute."""
    return DisputeView(
        id=dispute.id,
        status=dispute.status,
        version=dispute.version,
        payment_id=dispute.payment_id,
        provider_id=dispute.provider_id,
        rail=dispute.rail,
        amount=Money(dispute.amount_cents),
        at_risk=Money(dispute.at_risk_cents),
        owed=Money(dispute.reserve_cents),
        reason=dispute.reason,
        reference=dispute.rail_reference,
        return_code=dispute.return_code,
        evidence_given=dispute.evidence != "",
        evidence_due_at_ms=dispute.evidence_due_at_ms,
        created_at_ms=dispute.created_at_ms,
        updated_at_ms=dispute.updated_at_ms,
    )
