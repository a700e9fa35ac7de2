"""Payments and refunds as the API shows them."""

from typing import Literal

import msgspec

from checks.facts import Rail
from payment_core.money import Money
from payment_core.payments.model import CaptureMode, Payment, Refund
from payment_core.payments.states import PaymentStatus, RefundStatus


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment. version: grows by one with every change. fee: the platform's part of what was captured."""

    id: str
    object: Literal["payment"] = "payment"
    status: PaymentStatus
    version: int
    rail: Rail
    amount: Money
    captured: Money
    refunded: Money
    fee: Money
    capture: CaptureMode
    payment_method: str
    customer_id: str
    provider_id: str
    description: str
    decline_code: str
    error_code: str
    environment: str
    release: str
    created_at_ms: int
    updated_at_ms: int


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """A refund. fee_returned: the part of the platform's fee that it gives back."""

    id: str
    object: Literal["refund"] = "refund"
    status: RefundStatus
    version: int
    payment_id: str
    amount: Money
    fee_returned: Money
    reason: str
    error_code: str
    created_at_ms: int
    updated_at_ms: int


def view_payment(payment: Payment) -> PaymentView:
    """What a caller sees of the payment."""
    return PaymentView(
        id=payment.id,
        status=payment.status,
        version=payment.version,
        rail=payment.rail,
        amount=Money(payment.amount_cents, payment.currency),
        captured=Money(payment.captured_cents, payment.currency),
        refunded=Money(payment.refunded_cents, payment.currency),
        fee=Money(payment.fee_cents - payment.fee_refunded_cents, payment.currency),
        capture=payment.capture,
        payment_method=payment.method,
        customer_id=payment.customer_id,
        provider_id=payment.provider_id,
        description=payment.description,
        decline_code=payment.decline_code,
        error_code=payment.error_code,
        environment=payment.environment,
        release=payment.release,
        created_at_ms=payment.created_at_ms,
        updated_at_ms=payment.updated_at_ms,
    )


def view_refund(refund: Refund) -> RefundView:
    """What a caller sees of the refund."""
    return RefundView(
        id=refund.id,
        status=refund.status,
        version=refund.version,
        payment_id=refund.payment_id,
        amount=Money(refund.amount_cents, refund.currency),
        fee_returned=Money(refund.fee_share_cents, refund.currency),
        reason=refund.reason,
        error_code=refund.error_code,
        created_at_ms=refund.created_at_ms,
        updated_at_ms=refund.updated_at_ms,
    )
