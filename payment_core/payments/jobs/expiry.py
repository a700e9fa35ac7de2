"""Releases authorizations that nobody captured in time."""

from typing import cast

from payment_core.payments import facts
from payment_core.payments.beginning.flights import Flight, void_flight
from payment_core.payments.control import is_holding
from payment_core.payments.desk import Desk
from payment_core.payments.jobs.batch import BATCH_MAX, each
from payment_core.payments.model import Payment, move_payment
from payment_core.payments.states import PaymentEvent, PaymentStatus
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

ACTOR = "sweep:expiry"

_AUTHORIZED = frozenset({PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.REQUIRES_REVIEW})


class Expiry:
    """Voids what is left of an authorization at its end; what was captured of it stays captured."""

    def __init__(self, store: LedgerStore, desk: Desk, lease_ms: int) -> None:
        self._store = store
        self._desk = desk
        self._lease_ms = lease_ms

    async def run_once(self, now_ms: int) -> int:
        """Expire what is due; returns how many authorizations were."""
        due = cast("list[Payment]", await self._store.query(Due(Payment, now_ms, BATCH_MAX)))
        over = [payment for payment in due if payment.status in _AUTHORIZED and 0 < payment.expires_at_ms <= now_ms]
        return await each(over, self._expire, "expiry")

    async def _expire(self, payment: Payment) -> bool:
        flight = await self._store.transact(lambda transaction: self._begin(transaction, payment.id), ACTOR)
        if flight is None:
            return False
        await self._desk.carry_out(flight, ACTOR)
        return True

    def _begin(self, transaction: Transaction, payment_id: str) -> Flight | None:
        payment = transaction.get(Payment, payment_id)
        now_ms = transaction.now_ms
        if payment is None or payment.status not in _AUTHORIZED or not 0 < payment.expires_at_ms <= now_ms:
            return None
        if is_holding(transaction):
            return None
        expiring = move_payment(
            payment,
            PaymentEvent.EXPIRY_DUE,
            now_ms,
            pending_reference=f"{payment.id}:void:{payment.version + 1}",
            lease_until_ms=now_ms + self._lease_ms,
            deferred=False,
        )
        transaction.change(expiring, facts.payment_changed(expiring, payment.status))
        return void_flight(expiring)
