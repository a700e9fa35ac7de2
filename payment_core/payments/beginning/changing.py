"""The first transaction of a capture, a cancellation or a review: it checks what may be done and writes the intent."""

from collections.abc import Callable
from enum import StrEnum

from payment_core.answers import Answer
from payment_core.identifiers import new_id
from payment_core.operations.call import Call
from payment_core.operations.once import OnceRefusal, claim, finish, recall
from payment_core.payments import facts
from payment_core.payments.answers import creation_answer, payment_answer
from payment_core.payments.beginning.creating import debit, resume
from payment_core.payments.beginning.doubting import doubt_flight
from payment_core.payments.beginning.flights import Flight, capture_flight, creation_flight, void_flight
from payment_core.payments.control import is_holding
from payment_core.payments.model import Capture, Payment, Waiting, move_payment
from payment_core.payments.ports import SANDBOX_METHODS, Debits
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import CapturePayment, ReviewPayment
from payment_core.payments.states import CaptureStatus, PaymentEvent, PaymentStatus
from payment_core.store.port import Transaction

Begun = Flight | Answer | StrEnum
Intent = Callable[[Transaction, "Ticket"], Flight | Answer | PaymentRefusal]


class Ticket:
    """Whose operation it is. pending_key: operation and idempotency key. lease_ms: how long it is theirs."""

    __slots__ = ("lease_ms", "pending_key")

    def __init__(self, pending_key: str, lease_ms: int) -> None:
        self.pending_key = pending_key
        self.lease_ms = lease_ms


def begin(
    transaction: Transaction, operation: str, call: Call, payment_id: str, intent: Intent, lease_ms: int
) -> Begun:
    """Begin the operation, or say what the key already stands for; a refusal is not remembered."""
    known = recall(transaction, operation, call)
    if known is not None:
        if isinstance(known, OnceRefusal):
            return known
        return known.answer if known.answer is not None else resume(transaction, known.resource_id)
    begun = intent(transaction, Ticket(f"{operation}:{call.key}", lease_ms))
    if isinstance(begun, Flight):
        claim(transaction, operation, call, payment_id, begun.lease_until_ms)
    elif isinstance(begun, Answer):
        claim(transaction, operation, call, payment_id, 0)
        finish(transaction, operation, call.key, begun)
    return begun


def capture_intent(payment_id: str, body: CapturePayment) -> Intent:
    """Capture what is asked for, or all that is left."""

    def intent(transaction: Transaction, ticket: Ticket) -> Flight | Answer | PaymentRefusal:
        payment = transaction.get(Payment, payment_id)
        if payment is None:
            return PaymentRefusal.PAYMENT_NOT_FOUND
        if payment.status is not PaymentStatus.REQUIRES_CAPTURE or payment.purpose == "health":
            return PaymentRefusal.PAYMENT_NOT_CAPTURABLE
        left = payment.amount_cents - payment.captured_cents
        cents = left if body.amount is None else body.amount.amount_cents
        if cents > left:
            return PaymentRefusal.AMOUNT_EXCEEDS_AUTHORIZED
        return _capture(transaction, ticket, payment, cents, final=body.final or cents == left)

    return intent


def cancel_intent(payment_id: str, debits: Debits) -> Intent:
    """Release what is left of the authorization; what no rail has seen is canceled at once."""

    def intent(transaction: Transaction, ticket: Ticket) -> Flight | Answer | PaymentRefusal:
        payment = transaction.get(Payment, payment_id)
        if payment is None:
            return PaymentRefusal.PAYMENT_NOT_FOUND
        match payment.status:
            case PaymentStatus.HELD:
                return payment_answer(200, _cancel_held(transaction, ticket, payment))
            case PaymentStatus.PROCESSING if _withdrawn(transaction, payment, debits):
                return payment_answer(200, _cancel_unsent(transaction, payment))
            case PaymentStatus.REQUIRES_REVIEW:
                return _reject(transaction, ticket, payment, "canceled")
            case PaymentStatus.REQUIRES_CAPTURE:
                return _void(transaction, ticket, payment)
            case _:
                return PaymentRefusal.PAYMENT_NOT_CANCELABLE

    return intent


def review_intent(payment_id: str, body: ReviewPayment, debits: Debits) -> Intent:
    """A person approves the payment, which then goes on as it was asked for, or rejects it."""

    def intent(transaction: Transaction, ticket: Ticket) -> Flight | Answer | PaymentRefusal:
        payment = transaction.get(Payment, payment_id)
        if payment is None:
            return PaymentRefusal.PAYMENT_NOT_FOUND
        if payment.status is not PaymentStatus.REQUIRES_REVIEW:
            return PaymentRefusal.PAYMENT_NOT_IN_REVIEW
        if body.decision == "reject":
            return _reject(transaction, ticket, payment, body.reason)
        if not was_sent(payment):
            return _send_debit(transaction, payment, body.reason, debits)
        if payment.capture == "automatic":
            return _capture(
                transaction, ticket, payment, payment.amount_cents, final=True, review="approved", reason=body.reason
            )
        approved = _move(transaction, payment, PaymentEvent.APPROVED, review="approved", review_reason=body.reason)
        return payment_answer(200, approved)

    return intent


def was_sent(payment: Payment) -> bool:
    """Whether a payment under review was authorized at a rail; a bank debit is reviewed before it goes out."""
    return payment.rail == "card" or payment.method in SANDBOX_METHODS


def _send_debit(transaction: Transaction, payment: Payment, reason: str, debits: Debits) -> Answer:
    if is_holding(transaction):
        held = _move(
            transaction, payment, PaymentEvent.NEVER_SENT, review="approved", review_reason=reason, deferred=True
        )
        transaction.put(Waiting(id=payment.id, since_ms=transaction.now_ms))
        return payment_answer(202, held)
    sent = _move(transaction, payment, PaymentEvent.SENT, review="approved", review_reason=reason)
    return creation_answer(debit(transaction, sent, debits))


def _capture(
    transaction: Transaction,
    ticket: Ticket,
    payment: Payment,
    cents: int,
    *,
    final: bool,
    review: str = "",
    reason: str = "",
) -> Flight | Answer:
    now_ms = transaction.now_ms
    holding = is_holding(transaction)
    capture = Capture(
        id=new_id("cap", now_ms),
        payment_id=payment.id,
        status=CaptureStatus.QUEUED if holding else CaptureStatus.PENDING,
        amount_cents=cents,
        final=final,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    capturing = _move(
        transaction,
        payment,
        PaymentEvent.CAPTURE_REQUESTED,
        requested_cents=cents,
        final=final,
        pending_reference=capture.id,
        review=payment.review if review == "" else review,
        review_reason=payment.review_reason if review == "" else reason,
        **_lease(ticket, now_ms, holding=holding),
    )
    transaction.change(capture, facts.capture_changed(capture, payment, ""))
    if holding:
        transaction.put(Waiting(id=capture.id, since_ms=now_ms))
        return payment_answer(202, capturing)
    return capture_flight(capturing, capture)


def _reject(transaction: Transaction, ticket: Ticket, payment: Payment, reason: str) -> Flight | Answer:
    if not was_sent(payment):
        canceled = _move(transaction, payment, PaymentEvent.CANCELED, review="rejected", review_reason=reason)
        return payment_answer(200, canceled)
    return _void(transaction, ticket, payment, review="rejected", review_reason=reason)


def _void(transaction: Transaction, ticket: Ticket, payment: Payment, **changes: str) -> Flight | Answer:
    now_ms = transaction.now_ms
    holding = is_holding(transaction)
    canceling = _move(
        transaction,
        payment,
        PaymentEvent.CANCEL_REQUESTED,
        pending_reference=f"{payment.id}:void:{payment.version + 1}",
        **_lease(ticket, now_ms, holding=holding),
        **changes,
    )
    if holding:
        transaction.put(Waiting(id=payment.id, since_ms=now_ms))
        return payment_answer(202, canceling)
    return void_flight(canceling)


def _withdrawn(transaction: Transaction, payment: Payment, debits: Debits) -> bool:
    return payment.ach_entry_id != "" and debits.withdraw(transaction, payment.ach_entry_id)


def _cancel_held(transaction: Transaction, ticket: Ticket, payment: Payment) -> Payment:
    """Take it off the queue; one that went out before may still reach the rail, which is asked a lease later."""
    transaction.delete(Waiting, payment.id)
    if payment.pending_reference != "":
        doubt_flight(transaction, creation_flight(payment), ticket.lease_ms)
    return _move(transaction, payment, PaymentEvent.CANCELED, pending_reference="")


def _cancel_unsent(transaction: Transaction, payment: Payment) -> Payment:
    return _move(transaction, payment, PaymentEvent.CANCELED)


def _lease(ticket: Ticket, now_ms: int, *, holding: bool) -> dict[str, object]:
    """Whose the operation is; nobody's while it waits for the end of the holding mode."""
    if holding:
        return {"deferred": True, "lease_until_ms": 0, "pending_key": ""}
    return {"deferred": False, "lease_until_ms": now_ms + ticket.lease_ms, "pending_key": ticket.pending_key}


def _move(transaction: Transaction, payment: Payment, event: PaymentEvent, **changes: object) -> Payment:
    moved = move_payment(payment, event, transaction.now_ms, **changes)
    transaction.change(moved, facts.payment_changed(moved, payment.status))
    return moved
