"""Moves a payment, and what belongs to it, and tells of it, within a transaction."""

from checks.facts import PaymentOutcome
from payment_core.payments import facts
from payment_core.payments.model import (
    Capture,
    Dispute,
    Payment,
    Refund,
    move_capture,
    move_dispute,
    move_payment,
    move_refund,
)
from payment_core.payments.states import CaptureEvent, DisputeEvent, PaymentEvent, RefundEvent
from payment_core.store.port import Transaction


def change_payment(transaction: Transaction, payment: Payment, event: PaymentEvent, **changes: object) -> Payment:
    """The payment after the event; raises IllegalTransition, as all of these do."""
    moved = move_payment(payment, event, transaction.now_ms, **changes)
    transaction.change(moved, facts.payment_changed(moved, payment.status))
    return moved


def end_attempt(
    transaction: Transaction,
    payment: Payment,
    event: PaymentEvent,
    outcome: PaymentOutcome,
    latency_ms: float,
    **changes: object,
) -> Payment:
    """The payment after the event with which the attempt to take it ended."""
    ended = move_payment(payment, event, transaction.now_ms, **changes)
    transaction.change(ended, facts.attempted(ended, outcome, latency_ms))
    return ended


def change_capture(
    transaction: Transaction, capture: Capture, payment: Payment, event: CaptureEvent, **changes: object
) -> Capture:
    """The capture after an event that captures nothing."""
    moved = move_capture(capture, event, transaction.now_ms, **changes)
    transaction.change(moved, facts.capture_changed(moved, payment, capture.status))
    return moved


def change_refund(
    transaction: Transaction, refund: Refund, payment: Payment, event: RefundEvent, **changes: object
) -> Refund:
    """The refund after the event."""
    moved = move_refund(refund, event, transaction.now_ms, **changes)
    transaction.change(moved, facts.refund_moved(moved, payment))
    return moved


def change_dispute(
    transaction: Transaction, dispute: Dispute, payment: Payment, event: DisputeEvent, **changes: object
) -> Dispute:
    """The dispute after the event."""
    moved = move_dispute(dispute, event, transaction.now_ms, **changes)
    transaction.change(moved, facts.dispute_moved(moved, payment))
    return moved
