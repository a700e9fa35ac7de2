"""The rows of payments and refunds, and how they are read and written."""

import sqlite3
from typing import Literal

import msgspec

from checks.facts import Rail
from payment_core.payments.states import (
    PaymentEvent,
    PaymentStatus,
    RefundEvent,
    RefundStatus,
    next_payment_status,
    next_refund_status,
)

CaptureMode = Literal["automatic", "manual"]


class Payment(msgspec.Struct, frozen=True, gc=False):
    """One payment, in the order of the table's columns; amounts in cents, times in Unix milliseconds.

    requested_cents: what the capture in flight asks for. refunded_cents: refunds pending and succeeded.
    lease_until_ms: the operation in flight belongs to one process until then; 0 when none is in flight.
    pending_key: the idempotency key of that operation. environment, release, region: who created it.
    """

    id: str
    version: int
    status: PaymentStatus
    rail: Rail
    amount_cents: int
    currency: Literal["USD"]
    requested_cents: int
    captured_cents: int
    fee_cents: int
    refunded_cents: int
    fee_refunded_cents: int
    capture: CaptureMode
    method: str
    customer_id: str
    provider_id: str
    description: str
    decline_code: str
    error_code: str
    environment: str
    release: str
    region: str
    created_at_ms: int
    updated_at_ms: int
    lease_until_ms: int
    pending_key: str


class Refund(msgspec.Struct, frozen=True, gc=False):
    """One refund, in the order of the table's columns. fee_share_cents: the part of our fee that it gives back."""

    id: str
    payment_id: str
    version: int
    status: RefundStatus
    amount_cents: int
    currency: Literal["USD"]
    fee_share_cents: int
    reason: str
    error_code: str
    created_at_ms: int
    updated_at_ms: int
    lease_until_ms: int
    pending_key: str


_INSERT_PAYMENT = "INSERT INTO payments VALUES (?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?)"
_INSERT_REFUND = "INSERT INTO refunds VALUES (?,?,?,?,?, ?,?,?,?,?, ?,?,?)"


def find_payment(connection: sqlite3.Connection, payment_id: str) -> Payment | None:
    """The payment, or None."""
    row = connection.execute("SELECT * FROM payments WHERE id = ?", (payment_id,)).fetchone()
    return None if row is None else Payment(row[0], row[1], PaymentStatus(row[2]), *row[3:])


def find_refund(connection: sqlite3.Connection, refund_id: str) -> Refund | None:
    """The refund, or None."""
    row = connection.execute("SELECT * FROM refunds WHERE id = ?", (refund_id,)).fetchone()
    return None if row is None else Refund(row[0], row[1], row[2], RefundStatus(row[3]), *row[4:])


def insert_payment(connection: sqlite3.Connection, payment: Payment) -> None:
    """Write a new payment."""
    connection.execute(_INSERT_PAYMENT, msgspec.structs.astuple(payment))


def insert_refund(connection: sqlite3.Connection, refund: Refund) -> None:
    """Write a new refund."""
    connection.execute(_INSERT_REFUND, msgspec.structs.astuple(refund))


def move_payment(payment: Payment, event: PaymentEvent, now_ms: int, **changes: object) -> Payment:
    """The payment after the event: next status, version one higher, and the changes."""
    return msgspec.structs.replace(
        payment,
        status=next_payment_status(payment.status, event),
        version=payment.version + 1,
        updated_at_ms=now_ms,
        **changes,
    )


def move_refund(refund: Refund, event: RefundEvent, now_ms: int, error_code: str = "") -> Refund:
    """The refund after the event, no longer in flight."""
    return msgspec.structs.replace(
        refund,
        status=next_refund_status(refund.status, event),
        version=refund.version + 1,
        updated_at_ms=now_ms,
        error_code=error_code,
        lease_until_ms=0,
        pending_key="",
    )


def update_payment(connection: sqlite3.Connection, payment: Payment) -> None:
    """Write what can change of a payment."""
    connection.execute(
        "UPDATE payments SET version = ?, status = ?, requested_cents = ?, captured_cents = ?, fee_cents = ?,"
        " refunded_cents = ?, fee_refunded_cents = ?, decline_code = ?, error_code = ?, updated_at_ms = ?,"
        " lease_until_ms = ?, pending_key = ? WHERE id = ?",
        (
            payment.version,
            payment.status,
            payment.requested_cents,
            payment.captured_cents,
            payment.fee_cents,
            payment.refunded_cents,
            payment.fee_refunded_cents,
            payment.decline_code,
            payment.error_code,
            payment.updated_at_ms,
            payment.lease_until_ms,
            payment.pending_key,
            payment.id,
        ),
    )


def update_refund(connection: sqlite3.Connection, refund: Refund) -> None:
    """Write what can change of a refund."""
    connection.execute(
        "UPDATE refunds SET version = ?, status = ?, error_code = ?, updated_at_ms = ?, lease_until_ms = ?,"
        " pending_key = ? WHERE id = ?",
        (
            refund.version,
            refund.status,
            refund.error_code,
            refund.updated_at_ms,
            refund.lease_until_ms,
            refund.pending_key,
            refund.id,
        ),
    )
