"""The first transaction of a capture, a cancellation or a review: it checks what may be done and writes the intent."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from payment_core.answers import Answer
from payment_core.identifiers import new_id
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, claim, key_id, recall, remember
from payment_core.payments import facts
from payment_core.payments.answers import creation_answer, payment_answer
from payment_core.payments.control import is_holding
from payment_core.payments.model import Capture, Payment, Waiting
from payment_core.payments.moving import change_payment
from payment_core.payments.ports import Debits, by_acquirer
from payment_core.payments.rail.creating import debit
from payment_core.payments.rail.doubting import doubt_flight
from payment_core.payments.rail.flights import Flight, capture_flight, creation_flight, void_flight
from payment_core.payments.rail.resuming import resume
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import CapturePayment, ReviewPayment
from payment_core.payments.states import CaptureStatus, PaymentEvent, PaymentStatus
from payment_core.store.port import Transaction

Begun = Flight | Answer | StrEnum
Intent = Callable[[Transaction, Payment, "Ticket"], Flight | Answer | PaymentRefusal]


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """Whose operation it is. pending_key: its idempotency key's record. lease_ms: how long it is theirs."""

    pending_key: str
    lease_ms: int


def begin(transaction: Transaction, operation: str, call: Call, intent: Intent, lease_ms: int) -> Begun:
    """Begin the operation, or say what the key already stands for; a refusal is not remembered."""
    known = recall(transaction, operation, call)
    if known is not None:
        return resume(transaction, known.resource_id) if isinstance(known, KeyRecord) else known
    payment = transaction.get(Payment, call.path["payment_id"])
    if payment is None:
        return PaymentRefusal.PAYMENT_NOT_FOUND
    begun = intent(transaction, payment, Ticket(key_id(operation, call.key), lease_ms))
    if isinstance(begun, Flight):
        claim(transaction, operation, call, payment.id, begun.lease_until_ms)
    elif isinstance(begun, Answer):
        remember(transaction, operation, call, begun, payment.id)
    return begun


def capture_intent(body: CapturePayment) -> Intent:
    """Capture what is asked for, or all that is left."""

    def intent(transaction: Transaction, payment: Payment, ticket: Ticket) -> Flight | Answer | PaymentRefusal:
        if payment.status is not PaymentStatus.REQUIRES_CAPTURE or payment.purpose == "health":
            return PaymentRefusal.PAYMENT_NOT_CAPTURABLE
        left = payment.amount_cents - payment.captured_cents
        cents = left if body.amount is None else body.amount.amount_cents
        if cents > left:
            return PaymentRefusal.AMOUNT_EXCEEDS_AUTHORIZED
        return _capture(transaction, payment, ticket, cents, final=body.final or cents == left)

    return intent


def cancel_intent(debits: Debits) -> Intent:
    """Release what is left of the authorization; what no rail has seen is canceled at once."""

    def intent(transaction: Transaction, payment: Payment, ticket: Ticket) -> Flight | Answer | PaymentRefusal:
        match payment.status:
            case PaymentStatus.HELD:
                return payment_answer(200, _cancel_held(transaction, payment, ticket))
            case PaymentStatus.PROCESSING if _withdrawn(transaction, payment, debits):
                return payment_answer(200, change_payment(transaction, payment, PaymentEvent.CANCELED))
            case PaymentStatus.REQUIRES_REVIEW:
                return _reject(transaction, payment, ticket, "canceled")
            case PaymentStatus.REQUIRES_CAPTURE:
                return _void(transaction, payment, ticket)
            case _:
                return PaymentRefusal.PAYMENT_NOT_CANCELABLE

    return intent


def review_intent(body: ReviewPayment, debits: Debits) -> Intent:
    """A person approves the payment, which then goes on as it was asked for, or rejects it."""

    def intent(transaction: Transaction, payment: Payment, ticket: Ticket) -> Flight | Answer | PaymentRefusal:
        if payment.status is not PaymentStatus.REQUIRES_REVIEW:
            return PaymentRefusal.PAYMENT_NOT_IN_REVIEW
        if body.decision == "reject":
            return _reject(transaction, payment, ticket, body.reason)
        approval = {"review": "approved", "review_reason": body.reason}
        if not by_acquirer(payment.rail, payment.method):
            return _send_debit(transaction, payment, debits, approval)
        if payment.capture == "automatic":
            return _capture(transaction, payment, ticket, payment.amount_cents, final=True, **approval)
        return payment_answer(200, change_payment(transaction, payment, PaymentEvent.APPROVED, **approval))

    return intent


def begin_void(
    transaction: Transaction, payment: Payment, event: PaymentEvent, ticket: Ticket, **changes: str
) -> Flight:
    """Have the rail release what was not captured."""
    return void_flight(_canceling(transaction, payment, event, **_lease(ticket, transaction.now_ms), **changes))


def _void(transaction: Transaction, payment: Payment, ticket: Ticket, **changes: str) -> Flight | Answer:
    if not is_holding(transaction):
        return begin_void(transaction, payment, PaymentEvent.CANCEL_REQUESTED, ticket, **changes)
    canceling = _canceling(transaction, payment, PaymentEvent.CANCEL_REQUESTED, **_NO_LEASE, **changes)
    transaction.put(Waiting(id=payment.id, since_ms=transaction.now_ms))
    return payment_answer(202, canceling)


def _canceling(transaction: Transaction, payment: Payment, event: PaymentEvent, **changes: object) -> Payment:
    reference = f"{payment.id}:void:{payment.version + 1}"
    return change_payment(transaction, payment, event, pending_reference=reference, **changes)


def _reject(transaction: Transaction, payment: Payment, ticket: Ticket, reason: str) -> Flight | Answer:
    rejection = {"review": "rejected", "review_reason": reason}
    if by_acquirer(payment.rail, payment.method):
        return _void(transaction, payment, ticket, **rejection)
    # A bank debit is reviewed before it goes out.
    return payment_answer(200, change_payment(transaction, payment, PaymentEvent.CANCELED, **rejection))


def _send_debit(transaction: Transaction, payment: Payment, debits: Debits, approval: dict[str, str]) -> Answer:
    if is_holding(transaction):
        held = change_payment(transaction, payment, PaymentEvent.NEVER_SENT, deferred=True, **approval)
        transaction.put(Waiting(id=payment.id, since_ms=transaction.now_ms))
        return payment_answer(202, held)
    sent = change_payment(transaction, payment, PaymentEvent.SENT, **approval)
    return creation_answer(debit(transaction, sent, debits))


def _capture(
    transaction: Transaction, payment: Payment, ticket: Ticket, cents: int, *, final: bool, **changes: str
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
    capturing = change_payment(
        transaction,
        payment,
        PaymentEvent.CAPTURE_REQUESTED,
        requested_cents=cents,
        final=final,
        pending_reference=capture.id,
        **(_NO_LEASE if holding else _lease(ticket, now_ms)),
        **changes,
    )
    transaction.change(capture, facts.capture_changed(capture, payment, ""))
    if holding:
        transaction.put(Waiting(id=capture.id, since_ms=now_ms))
        return payment_answer(202, capturing)
    return capture_flight(capturing, capture)


def _withdrawn(transaction: Transaction, payment: Payment, debits: Debits) -> bool:
    return payment.ach_entry_id != "" and debits.withdraw(transaction, payment.ach_entry_id)


def _cancel_held(transaction: Transaction, payment: Payment, ticket: Ticket) -> Payment:
    """Take it off the queue; one that went out before may still reach the rail, which is asked a lease later."""
    transaction.delete(Waiting, payment.id)
    if payment.pending_reference != "":
        doubt_flight(transaction, creation_flight(payment), ticket.lease_ms)
    return change_payment(transaction, payment, PaymentEvent.CANCELED, pending_reference="")


_NO_LEASE: dict[str, object] = {"deferred": True, "lease_until_ms": 0, "pending_key": ""}
"""It is nobody's while it waits for the end of the holding mode."""


def _lease(ticket: Ticket, now_ms: int) -> dict[str, object]:
    """Whose the operation is."""
    return {"deferred": False, "lease_until_ms": now_ms + ticket.lease_ms, "pending_key": ticket.pending_key}
