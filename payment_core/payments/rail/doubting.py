"""Doubts begin here: an instruction that the rail had not seen when it was asked may still be on its way."""

from typing import Literal

from payment_core.payments.model import Doubt
from payment_core.payments.rail.flights import Flight
from payment_core.store.port import Transaction


def doubt_flight(transaction: Transaction, flight: Flight, after_ms: int) -> None:
    """Ask about the flight's instruction after so long; a creation is voided, anything else refunded."""
    order = flight.instruction
    undo: Literal["void", "refund"] = "void" if flight.creates else "refund"
    put_doubt(transaction, order.reference, flight.payment.id, undo, order.amount_cents, after_ms)


def put_doubt(
    transaction: Transaction,
    reference: str,
    payment_id: str,
    order: Literal["void", "refund"],
    amount_cents: int,
    after_ms: int,
) -> None:
    """Ask about this reference after so long, and give the money back with this order if the rail has it."""
    transaction.put(
        Doubt(
            id=reference,
            payment_id=payment_id,
            order=order,
            amount_cents=amount_cents,
            ask_at_ms=transaction.now_ms + after_ms,
        )
    )
