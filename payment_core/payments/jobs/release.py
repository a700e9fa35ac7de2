"""Gives providers the money that is due to them."""

from payment_core.operations.batch import BATCH_MAX, each
from payment_core.payments.model import Payment
from payment_core.payments.money.releasing import release_due
from payment_core.store.port import LedgerStore
from payment_core.store.records import Due

ACTOR = "sweep:release"


class Release:
    """Moves the provider's part of payments from the customer's escrow to what the provider can be paid."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def run_once(self, now_ms: int) -> int:
        """Release what is due; returns how many payments had something released."""
        due = await self._store.query(Due(Payment, now_ms, BATCH_MAX))
        over = [payment for payment in due if 0 < payment.release_at_ms <= now_ms]
        return await each(over, self._release, "release")

    async def _release(self, payment: Payment) -> bool:
        return await self._store.transact(lambda transaction: release_due(transaction, payment.id), ACTOR)
