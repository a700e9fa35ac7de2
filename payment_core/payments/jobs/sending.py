"""Gives what waits to the rail, in the order in which it was accepted: after the holding mode, and queued refunds."""

from payment_core.operations.batch import BATCH_MAX, each
from payment_core.payments.control import is_holding
from payment_core.payments.desk import Desk
from payment_core.payments.model import Capture, Payment, Refund, Waiting
from payment_core.payments.moving import change_capture, change_payment, change_refund
from payment_core.payments.ports import Debits, by_acquirer
from payment_core.payments.rail.creating import debit
from payment_core.payments.rail.flights import Flight, capture_flight, creation_flight, refund_flight, void_flight
from payment_core.payments.states import CaptureEvent, PaymentEvent, PaymentStatus, RefundEvent, RefundStatus
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

ACTOR = "sweep:sending"


class Sending:
    """Takes things off the queue one by one; what was taken has a lease, so a crash leaves it to the recovery."""

    def __init__(self, store: LedgerStore, desk: Desk, debits: Debits, lease_ms: int) -> None:
        self._store = store
        self._desk = desk
        self._debits = debits
        self._lease_ms = lease_ms

    async def run_once(self, now_ms: int) -> int:
        """Send a batch of what waits; returns how many were. Nothing goes out in holding mode."""
        waiting = await self._store.query(Due(Waiting, now_ms, BATCH_MAX))
        return await each(waiting, self._send, "sending")

    async def _send(self, waiting: Waiting) -> bool:
        begun = await self._store.transact(lambda transaction: self._begin(transaction, waiting.id), ACTOR)
        if isinstance(begun, Flight):
            await self._desk.carry_out(begun, ACTOR)
            return True
        return begun

    def _begin(self, transaction: Transaction, subject_id: str) -> Flight | bool:
        """Take it off the queue; True when the next ACH file carries it, False when there is nothing to do (now)."""
        if is_holding(transaction) or transaction.get(Waiting, subject_id) is None:
            return False
        transaction.delete(Waiting, subject_id)
        lease_until_ms = transaction.now_ms + self._lease_ms
        refund = transaction.get(Refund, subject_id)
        if refund is not None:
            return self._send_refund(transaction, refund, lease_until_ms)
        capture = transaction.get(Capture, subject_id)
        payment = transaction.get(Payment, subject_id if capture is None else capture.payment_id)
        if payment is None:
            return False
        if capture is not None:
            return _send_capture(transaction, payment, capture, lease_until_ms)
        return self._send_payment(transaction, payment, lease_until_ms)

    def _send_refund(self, transaction: Transaction, refund: Refund, lease_until_ms: int) -> Flight | bool:
        payment = transaction.get(Payment, refund.payment_id)
        if payment is None or refund.status is not RefundStatus.QUEUED:
            return False
        by_ach = payment.ach_entry_id != ""
        sent = change_refund(
            transaction,
            refund,
            payment,
            RefundEvent.SENT,
            lease_until_ms=0 if by_ach else lease_until_ms,
            ach_entry_id=self._debits.give_back(transaction, payment, refund) if by_ach else "",
        )
        return True if by_ach else refund_flight(payment, sent)

    def _send_payment(self, transaction: Transaction, payment: Payment, lease_until_ms: int) -> Flight | bool:
        if payment.status is PaymentStatus.CANCELING:
            return void_flight(_sent(transaction, payment, payment.pending_reference, lease_until_ms))
        if payment.status is not PaymentStatus.HELD:
            return False
        if not by_acquirer(payment.rail, payment.method):
            debit(transaction, _sent(transaction, payment, "", 0), self._debits)
            return True
        return creation_flight(_sent(transaction, payment, payment.id, lease_until_ms))


def _send_capture(transaction: Transaction, payment: Payment, capture: Capture, lease_until_ms: int) -> Flight | bool:
    if payment.status is not PaymentStatus.CAPTURING or payment.pending_reference != capture.id:
        return False
    sent = change_capture(transaction, capture, payment, CaptureEvent.SENT)
    return capture_flight(_sent(transaction, payment, capture.id, lease_until_ms), sent)


def _sent(transaction: Transaction, payment: Payment, reference: str, lease_until_ms: int) -> Payment:
    event = PaymentEvent.SENT
    return change_payment(transaction, payment, event, pending_reference=reference, lease_until_ms=lease_until_ms)
