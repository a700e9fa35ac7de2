"""Recovers operations whose lease has ended, whoever began them, by asking the rail."""

from payment_core.operations.batch import BATCH_MAX, each
from payment_core.payments.desk import Desk
from payment_core.payments.model import Payment, Refund
from payment_core.payments.rail.resuming import find_abandoned
from payment_core.store.port import LedgerStore
from payment_core.store.records import Due

ACTOR = "sweep:recovery"


class Recovery:
    """Finds payments and refunds in flight that nobody settles any more. Two at once ask twice and settle once."""

    def __init__(self, store: LedgerStore, desk: Desk) -> None:
        self._store = store
        self._desk = desk

    async def run_once(self, now_ms: int) -> int:
        """Recover what was abandoned; returns how many operations were."""
        payments = await self._store.query(Due(Payment, now_ms, BATCH_MAX))
        refunds = await self._store.query(Due(Refund, now_ms, BATCH_MAX))
        abandoned = [payment for payment in payments if payment.lease_until_ms > 0]
        done = await each(abandoned, self._recover, "recovery")
        return done + await each(refunds, self._recover, "recovery")

    async def _recover(self, record: Payment | Refund) -> bool:
        flight = await self._store.transact(lambda transaction: find_abandoned(transaction, record.id), ACTOR)
        if flight is None:
            return False
        await self._desk.carry_out(flight, ACTOR)
        return True
