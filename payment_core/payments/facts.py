"""The events that payments tell: one for each change, in the name of the release that took the payment."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from checks.facts import Dispute as DisputeFact
from checks.facts import ObjectChanged, PaymentAttempted, PaymentCaptured, PaymentOutcome
from checks.facts import Refund as RefundFact
from payment_core.costs.bands import band_of
from payment_core.payments.model import Capture, Dispute, Payment, Refund
from payment_core.payments.states import RefundStatus

_TOLD: Mapping[RefundStatus, Literal["pending", "succeeded", "failed", "canceled"]] = MappingProxyType(
    {
        RefundStatus.PENDING: "pending",
        RefundStatus.SUCCEEDED: "succeeded",
        RefundStatus.FAILED: "failed",
        RefundStatus.CANCELED: "canceled",
    }
)


HEALTH_OBJECT = "health_payment"
"""What a probe's payment is called in events, so that nobody who counts payments counts it."""


def attempted(payment: Payment, outcome: PaymentOutcome, latency_ms: float) -> PaymentAttempted:
    """The attempt to take the payment ended."""
    return PaymentAttempted(
        id=f"{payment.id}.{payment.version}.attempted",
        at_ms=payment.updated_at_ms,
        subject=payment.id,
        region=payment.region,
        environment=payment.environment,
        version=payment.release,
        rail=payment.rail,
        outcome=outcome,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        latency_ms=latency_ms,
        decline_code=payment.decline_code,
        error_code=payment.error_code,
        customer_id=payment.customer_id,
        provider_id=payment.provider_id,
        method_fingerprint=payment.method_fingerprint,
        card_brand=payment.brand,
        bin=payment.bin,
        ip=payment.fraud.ip,
        device_id=payment.fraud.device_id,
        fraud_score=max(payment.fraud.score, 0),
        scored=payment.fraud.score >= 0,
        cohort=band_of(payment.amount_cents)[1],
        exposures=payment.exposures,
    )


def captured(capture: Capture, payment: Payment) -> PaymentCaptured:
    """Money was captured."""
    return PaymentCaptured(
        id=f"{capture.id}.{capture.version}.captured",
        at_ms=capture.updated_at_ms,
        subject=capture.id,
        region=payment.region,
        environment=payment.environment,
        version=payment.release,
        rail=payment.rail,
        amount_cents=capture.amount_cents,
        fee_cents=capture.fee_cents,
        cost_microcents=capture.cost.total,
        baseline_microcents=capture.cost.baseline,
        baseline=capture.cost.baseline_name,
        cohort=band_of(payment.amount_cents)[1],
        payment_id=payment.id,
        currency=payment.currency,
        customer_id=payment.customer_id,
        provider_id=payment.provider_id,
        method_fingerprint=payment.method_fingerprint,
        request_digest=payment.request_digest,
    )


def payment_changed(payment: Payment, previous_status: str) -> ObjectChanged:
    """A payment changed otherwise."""
    name = "payment" if payment.purpose == "" else HEALTH_OBJECT
    return _changed(payment, payment, name, previous_status, payment.customer_id)


def capture_changed(capture: Capture, payment: Payment, previous_status: str) -> ObjectChanged:
    """A capture changed without capturing anything."""
    return _changed(capture, payment, "capture", previous_status, payment.id)


def refund_moved(refund: Refund, payment: Payment) -> RefundFact | ObjectChanged:
    """A refund changed; while it waits to be sent it has not gone to the payer in any sense of the refund's fact."""
    if refund.status is RefundStatus.QUEUED:
        return _changed(refund, payment, "refund", "" if refund.version == 1 else "pending", payment.id)
    return RefundFact(
        id=f"{refund.id}.{refund.version}.refund",
        at_ms=refund.updated_at_ms,
        subject=refund.id,
        region=payment.region,
        environment=payment.environment,
        version=payment.release,
        rail=payment.rail,
        status=_TOLD[refund.status],
        amount_cents=refund.amount_cents,
        currency=refund.currency,
        payment_id=payment.id,
        reason=refund.reason,
    )


def dispute_moved(dispute: Dispute, payment: Payment) -> DisputeFact:
    """A dispute was opened or changed."""
    return DisputeFact(
        id=f"{dispute.id}.{dispute.version}.dispute",
        at_ms=dispute.updated_at_ms,
        subject=dispute.id,
        region=payment.region,
        environment=payment.environment,
        version=payment.release,
        rail=payment.rail,
        status=dispute.status.value,
        amount_cents=dispute.amount_cents,
        currency=dispute.currency,
        payment_id=payment.id,
        provider_id=payment.provider_id,
        reason=dispute.reason,
        return_code=dispute.return_code,
    )


def _changed(
    after: Payment | Capture | Refund, payment: Payment, name: str, previous_status: str, owner: str
) -> ObjectChanged:
    return ObjectChanged(
        id=f"{after.id}.{after.version}.changed",
        at_ms=after.updated_at_ms,
        subject=after.id,
        region=payment.region,
        environment=payment.environment,
        version=payment.release,
        object=name,
        status=after.status,
        previous_status=previous_status,
        owner=owner,
        amount_cents=after.amount_cents,
        currency=after.currency,
    )
