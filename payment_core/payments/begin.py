"""The first transaction of every operation: the key is claimed and the intent is written before the rail is asked."""

from collections.abc import Callable

import msgspec

from payment_core.acquirer.tokens import TOKEN_BY_NAME
from payment_core.identifiers import new_id
from payment_core.ledger import recipes
from payment_core.money import fee_share_cents
from payment_core.payments.answers import Answer
from payment_core.payments.idempotency import Claim, extend, recall, remember
from payment_core.payments.model import (
    Payment,
    Refund,
    find_payment,
    find_refund,
    insert_payment,
    insert_refund,
    move_payment,
    update_payment,
    update_refund,
)
from payment_core.payments.operations import InFlight, Operation, operation_of
from payment_core.payments.refusals import Refusal
from payment_core.payments.requests import CapturePayment, CreatePayment, CreateRefund
from payment_core.payments.states import PaymentEvent, PaymentStatus, RefundStatus
from payment_core.store.batch import CoreBatch

Begun = InFlight | Answer | Refusal
Intent = Callable[[CoreBatch, Claim], InFlight | Refusal]


class Origin(msgspec.Struct, frozen=True):
    """Who creates payments: the environment, release and region of this process."""

    environment: str
    release: str
    region: str


def begin(batch: CoreBatch, claim: Claim, intent: Intent) -> Begun:
    """Begin the operation, or say what the key already stands for.

    A finished key answers what is stored; a running one is refused; one whose lease has ended is taken over, to be
    recovered by asking the rail.
    """
    known = recall(batch.connection, claim.operation, claim.key)
    if known is None:
        begun = intent(batch, claim)
        if isinstance(begun, InFlight):
            resource_id = begun.payment.id if begun.refund is None else begun.refund.id
            remember(batch.connection, claim, resource_id, batch.now_ms)
        return begun
    if known.request_hash != claim.request_hash:
        return Refusal.IDEMPOTENCY_MISMATCH
    if known.answer is not None:
        return known.answer
    if known.lease_until_ms > batch.now_ms:
        return Refusal.IDEMPOTENCY_IN_PROGRESS
    taken = take_over(batch, known.resource_id, claim.lease_until_ms)
    return Refusal.IDEMPOTENCY_IN_PROGRESS if taken is None else taken


def take_over(batch: CoreBatch, resource_id: str, lease_until_ms: int) -> InFlight | None:
    """Make an abandoned operation ours until the lease ends; None when it is not abandoned any more."""
    connection = batch.connection
    refund = find_refund(connection, resource_id)
    payment = find_payment(connection, resource_id if refund is None else refund.payment_id)
    if payment is None:
        return None
    held_until_ms = payment.lease_until_ms if refund is None else refund.lease_until_ms
    if held_until_ms == 0 or held_until_ms > batch.now_ms:
        return None
    if refund is not None:
        refund = msgspec.structs.replace(refund, lease_until_ms=lease_until_ms)
        update_refund(connection, refund)
        extend(connection, Operation.REFUND, refund.pending_key, lease_until_ms)
        return InFlight(Operation.REFUND, refund.pending_key, payment, refund, lease_until_ms, recovered=True)
    operation = operation_of(payment)
    if operation is None:
        return None
    payment = msgspec.structs.replace(payment, lease_until_ms=lease_until_ms)
    update_payment(connection, payment)
    extend(connection, operation, payment.pending_key, lease_until_ms)
    return InFlight(operation, payment.pending_key, payment, None, lease_until_ms, recovered=True)


def intend_payment(request: CreatePayment, origin: Origin) -> Intent:
    """Write the payment as ``processing``."""

    def intent(batch: CoreBatch, claim: Claim) -> InFlight:
        amount = request.amount.amount_cents
        payment = Payment(
            id=new_id("pay", batch.now_ms),
            version=1,
            status=PaymentStatus.PROCESSING,
            rail=TOKEN_BY_NAME[request.payment_method].rail,
            amount_cents=amount,
            currency=request.amount.currency,
            requested_cents=amount if request.capture == "automatic" else 0,
            captured_cents=0,
            fee_cents=0,
            refunded_cents=0,
            fee_refunded_cents=0,
            capture=request.capture,
            method=request.payment_method,
            customer_id=request.customer_id,
            provider_id=request.provider_id,
            description=request.description,
            decline_code="",
            error_code="",
            environment=origin.environment,
            release=origin.release,
            region=origin.region,
            created_at_ms=batch.now_ms,
            updated_at_ms=batch.now_ms,
            lease_until_ms=claim.lease_until_ms,
            pending_key=claim.key,
        )
        insert_payment(batch.connection, payment)
        return InFlight(claim.operation, claim.key, payment, None, claim.lease_until_ms)

    return intent


def intend_capture(payment_id: str, request: CapturePayment) -> Intent:
    """Move the payment to ``capturing``."""

    def intent(batch: CoreBatch, claim: Claim) -> InFlight | Refusal:
        payment = find_payment(batch.connection, payment_id)
        if payment is None:
            return Refusal.PAYMENT_NOT_FOUND
        if payment.status is not PaymentStatus.REQUIRES_CAPTURE:
            return Refusal.PAYMENT_NOT_CAPTURABLE
        cents = payment.amount_cents if request.amount is None else request.amount.amount_cents
        if cents > payment.amount_cents:
            return Refusal.AMOUNT_EXCEEDS_AUTHORIZED
        return _hold(batch, claim, payment, PaymentEvent.CAPTURE_REQUESTED, cents)

    return intent


def intend_cancel(payment_id: str) -> Intent:
    """Move the payment to ``canceling``."""

    def intent(batch: CoreBatch, claim: Claim) -> InFlight | Refusal:
        payment = find_payment(batch.connection, payment_id)
        if payment is None:
            return Refusal.PAYMENT_NOT_FOUND
        if payment.status is not PaymentStatus.REQUIRES_CAPTURE:
            return Refusal.PAYMENT_NOT_CANCELABLE
        return _hold(batch, claim, payment, PaymentEvent.CANCEL_REQUESTED, 0)

    return intent


def intend_refund(request: CreateRefund) -> Intent:
    """Write the refund as ``pending`` and set its money aside: what is pending counts against the limit at once."""

    def intent(batch: CoreBatch, claim: Claim) -> InFlight | Refusal:
        payment = find_payment(batch.connection, request.payment_id)
        if payment is None:
            return Refusal.PAYMENT_NOT_FOUND
        if payment.status is not PaymentStatus.SUCCEEDED:
            return Refusal.PAYMENT_NOT_REFUNDABLE
        left = payment.captured_cents - payment.refunded_cents
        cents = left if request.amount is None else request.amount.amount_cents
        if cents > left or left == 0:
            return Refusal.AMOUNT_EXCEEDS_REFUNDABLE
        return _set_aside(batch, claim, payment, cents, request.reason)

    return intent


def _hold(batch: CoreBatch, claim: Claim, payment: Payment, event: PaymentEvent, requested_cents: int) -> InFlight:
    held = move_payment(
        payment,
        event,
        batch.now_ms,
        requested_cents=requested_cents,
        lease_until_ms=claim.lease_until_ms,
        pending_key=claim.key,
    )
    update_payment(batch.connection, held)
    return InFlight(claim.operation, claim.key, held, None, claim.lease_until_ms)


def _set_aside(batch: CoreBatch, claim: Claim, payment: Payment, cents: int, reason: str) -> InFlight:
    refunded_after = payment.refunded_cents + cents
    share = fee_share_cents(
        amount=cents,
        fee=payment.fee_cents,
        captured=payment.captured_cents,
        refunded_after=refunded_after,
        fee_refunded=payment.fee_refunded_cents,
    )
    refund = Refund(
        id=new_id("ref", batch.now_ms),
        payment_id=payment.id,
        version=1,
        status=RefundStatus.PENDING,
        amount_cents=cents,
        currency=payment.currency,
        fee_share_cents=share,
        reason=reason,
        error_code="",
        created_at_ms=batch.now_ms,
        updated_at_ms=batch.now_ms,
        lease_until_ms=claim.lease_until_ms,
        pending_key=claim.key,
    )
    held = move_payment(
        payment,
        PaymentEvent.REFUND_REQUESTED,
        batch.now_ms,
        refunded_cents=refunded_after,
        fee_refunded_cents=payment.fee_refunded_cents + share,
    )
    insert_refund(batch.connection, refund)
    update_payment(batch.connection, held)
    batch.post(recipes.refund_promised(payment.id, refund.id, amount_cents=cents, fee_share_cents=share))
    return InFlight(claim.operation, claim.key, held, refund, claim.lease_until_ms)
