"""Recovers operations whose lease has ended, whoever began them, by asking the rail."""

from typing import cast

from payment_core.payments.beginning.creating import find_flight
from payment_core.payments.beginning.flights import Flight, refund_flight
from payment_core.payments.desk import Desk
from payment_core.payments.jobs.batch import BATCH_MAX, each
from payment_core.payments.model import Payment, Refund
from payment_core.payments.states import RefundStatus
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

ACTOR = "sweep:recovery"


class Recovery:
    """Finds payments and refunds in flight that nobody settles any more. Two at once ask twice and settle once."""

    def __init__(self, store: LedgerStore, desk: Desk) -> None:
        self._store = store
        self._desk = desk

    async def run_once(self, now_ms: int) -> int:
        """Recover what was abandoned; returns how many operations were."""
        payments = cast("list[Payment]", await self._store.query(Due(Payment, now_ms, BATCH_MAX)))
        refunds = cast("list[Refund]", await self._store.query(Due(Refund, now_ms, BATCH_MAX)))
        abandoned = [payment for payment in payments if payment.lease_until_ms > 0]
        done = await each(abandoned, self._payment, "recovery")
        return done + await each(refunds, self._refund, "recovery")

    async def _payment(self, payment: Payment) -> bool:
        return await self._recover(
            await self._store.transact(
                lambda transaction: _over(transaction, find_flight(transaction, payment.id)), ACTOR
            )
        )

    async def _refund(self, refund: Refund) -> bool:
        return await self._recover(
            await self._store.transact(
                lambda transaction: _over(transaction, _refund_flight(transaction, refund.id)), ACTOR
            )
        )

    async def _recover(self, flight: Flight | None) -> bool:
        if flight is None:
            return False
        await self._desk.carry_out(flight, ACTOR)
        return True


def _refund_flight(transaction: Transaction, refund_id: str) -> Flight | None:
    refund = transaction.get(Refund, refund_id)
    payment = None if refund is None else transaction.get(Payment, refund.payment_id)
    if refund is None or payment is None or refund.status is not RefundStatus.PENDING or refund.lease_until_ms == 0:
        return None
    return refund_flight(payment, refund, recovered=True)


def _over(transaction: Transaction, flight: Flight | None) -> Flight | None:
    """The flight if its lease has ended by now."""
    return None if flight is None or flight.lease_until_ms > transaction.now_ms else flight
