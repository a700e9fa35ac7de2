"""Reads a rail's notices of disputes, hands answers in, and ends disputes that nobody answered in time."""

from payment_core.acquirer.port import DisputeDesk as RailDesk
from payment_core.acquirer.port import RailDispute
from payment_core.operations.batch import BATCH_MAX, each
from payment_core.payments.control import is_holding
from payment_core.payments.dispute_desk import DisputeDesk
from payment_core.payments.model import Dispute, Payment, RailCursor
from payment_core.payments.money.disputing import close_dispute
from payment_core.payments.moving import change_dispute
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.states import DisputeEvent, DisputeStatus
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

NOTICES_ACTOR = "sweep:dispute_notices"
DEADLINES_ACTOR = "sweep:dispute_deadlines"
CURSOR_ID = "disputes"


class DisputeNotices:
    """Applies what the rail tells, in its order; where it is lies in the transaction of what it told."""

    def __init__(self, store: LedgerStore, desk: DisputeDesk, rail: RailDesk) -> None:
        self._store = store
        self._desk = desk
        self._rail = rail

    async def run_once(self, now_ms: int) -> int:  # noqa: ARG002 - every job is asked alike
        """Read a batch of notices; returns how many were applied. A notice that cannot be is waited for."""
        cursor = await self._store.read(RailCursor, CURSOR_ID)
        notices = await self._rail.disputes(0 if cursor is None else cursor.sequence, BATCH_MAX)
        applied = 0
        for notice in notices:
            if not await self._apply(notice):
                break
            applied += 1
        return applied

    async def _apply(self, notice: RailDispute) -> bool:
        claim = await self._desk.claim(
            payment_id=notice.original,
            reference=notice.reference,
            amount_cents=notice.amount_cents,
            reason=notice.reason,
        )

        def work(transaction: Transaction) -> bool:
            cursor = transaction.get(RailCursor, CURSOR_ID)
            if cursor is not None and cursor.sequence >= notice.sequence:
                return True
            outcome = self._desk.apply(transaction, claim, notice.outcome)
            if outcome is PaymentRefusal.PAYMENT_NOT_DISPUTABLE and not _is_over(transaction, notice.original):
                return False
            transaction.put(RailCursor(id=CURSOR_ID, sequence=notice.sequence))
            return True

        return await self._store.transact(work, NOTICES_ACTOR)


class DisputeDeadlines:
    """Hands answers in, and ends what nobody answered in time: then the dispute is lost."""

    def __init__(self, store: LedgerStore, rail: RailDesk) -> None:
        self._store = store
        self._rail = rail

    async def run_once(self, now_ms: int) -> int:
        """Do what is due; returns for how many disputes."""
        due = await self._store.query(Due(Dispute, now_ms, BATCH_MAX))
        return await each(due, self._handle, "dispute_deadlines")

    async def _handle(self, dispute: Dispute) -> bool:
        if dispute.hand_in_at_ms > 0:
            return await self._hand_in(dispute)
        return await self._store.transact(lambda transaction: _expire(transaction, dispute.id), DEADLINES_ACTOR)

    async def _hand_in(self, dispute: Dispute) -> bool:
        if await self._store.transact(is_holding, DEADLINES_ACTOR):
            return False
        await self._rail.answer_dispute(dispute.rail_reference, dispute.evidence)
        return await self._store.transact(lambda transaction: _handed_in(transaction, dispute.id), DEADLINES_ACTOR)


def _is_over(transaction: Transaction, payment_id: str) -> bool:
    """Whether the payment can never have captured money, so that a notice about it can only be passed over."""
    payment = transaction.get(Payment, payment_id)
    return payment is None or payment.status in {"declined", "failed", "canceled"}


def _expire(transaction: Transaction, dispute_id: str) -> bool:
    dispute = transaction.get(Dispute, dispute_id)
    if dispute is None or dispute.status is not DisputeStatus.NEEDS_RESPONSE:
        return False
    if dispute.evidence_due_at_ms > transaction.now_ms:
        return False
    close_dispute(transaction, dispute, DisputeEvent.EXPIRED)
    return True


def _handed_in(transaction: Transaction, dispute_id: str) -> bool:
    dispute = transaction.get(Dispute, dispute_id)
    payment = None if dispute is None else transaction.get(Payment, dispute.payment_id)
    if dispute is None or payment is None or dispute.hand_in_at_ms == 0:
        return False
    change_dispute(transaction, dispute, payment, DisputeEvent.HANDED_IN, hand_in_at_ms=0)
    return True
