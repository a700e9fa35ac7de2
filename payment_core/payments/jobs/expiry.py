"""Releases authorizations that nobody captured in time."""

from payment_core.operations.batch import BATCH_MAX, each
from payment_core.payments.control import is_holding
from payment_core.payments.desk import Desk
from payment_core.payments.model import Payment
from payment_core.payments.rail.changing import Ticket, begin_void
from payment_core.payments.rail.flights import Flight
from payment_core.payments.states import AUTHORIZED_STATUSES, PaymentEvent
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

ACTOR = "sweep:expiry"


class Expiry:
    """Voids what is left of an authorization at its end; what was captured of it stays captured."""

    def __init__(self, store: LedgerStore, desk: Desk, lease_ms: int) -> None:
        self._store = store
        self._desk = desk
        self._lease_ms = lease_ms

    async def run_once(self, now_ms: int) -> int:
        """Expire what is due; returns how many authorizations were."""
        due = await self._store.query(Due(Payment, now_ms, BATCH_MAX))
        return await each([payment for payment in due if _is_over(payment, now_ms)], self._expire, "expiry")

    async def _expire(self, payment: Payment) -> bool:
        flight = await self._store.transact(lambda transaction: self._begin(transaction, payment.id), ACTOR)
        if flight is None:
            return False
        await self._desk.carry_out(flight, ACTOR)
        return True

    def _begin(self, transaction: Transaction, payment_id: str) -> Flight | None:
        payment = transaction.get(Payment, payment_id)
        if payment is None or not _is_over(payment, transaction.now_ms) or is_holding(transaction):
            return None
        return begin_void(transaction, payment, PaymentEvent.EXPIRY_DUE, Ticket("", self._lease_ms))


def _is_over(payment: Payment, now_ms: int) -> bool:
    return payment.status in AUTHORIZED_STATUSES and 0 < payment.expires_at_ms <= now_ms
