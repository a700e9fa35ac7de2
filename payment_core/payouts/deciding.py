"""Approves and cancels payouts, each in one transaction."""

import msgspec

from payment_core.ach.files.model import AchEntry
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.originating import cancel_entry
from payment_core.origin import Origin
from payment_core.payouts.holding import STOPPING
from payment_core.payouts.journals import free
from payment_core.payouts.limits import count
from payment_core.payouts.model import Payout
from payment_core.payouts.moving import move_payout, write_payout
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.payouts.states import CANCELABLE, FINAL
from payment_core.providers.model import Provider
from payment_core.store.port import Transaction


def approve(transaction: Transaction, origin: Origin, payout_id: str, actor: str) -> Payout | PayoutRefusal:
    """Count one more person's approval; the job goes on once there are enough."""
    payout = transaction.get(Payout, payout_id)
    if payout is None:
        return PayoutRefusal.PAYOUT_NOT_FOUND
    refusal = _unapprovable(transaction, payout, actor)
    if refusal is not None:
        return refusal
    return write_payout(
        transaction,
        origin,
        payout,
        approvals=(*payout.approvals, actor),
        next_check_at_ms=transaction.now_ms,
    )


def cancel(transaction: Transaction, origin: Origin, mover: EntryMover, payout_id: str) -> Payout | PayoutRefusal:
    """End a payout that no file has, and free its money."""
    payout = transaction.get(Payout, payout_id)
    if payout is None:
        return PayoutRefusal.PAYOUT_NOT_FOUND
    if payout.status in FINAL:
        return PayoutRefusal.PAYOUT_OVER
    if payout.status not in CANCELABLE:
        return PayoutRefusal.PAYOUT_IN_FILE
    canceled = msgspec.structs.replace(payout, holds=())
    if payout.entry_id != "" and not _withdrawable(transaction, payout):
        return PayoutRefusal.PAYOUT_IN_FILE
    canceled = move_payout(transaction, origin, canceled, "canceled", next_check_at_ms=0)
    free(transaction, canceled)
    count(transaction, payout.provider_id, payout.counted_on, -payout.amount_cents)
    if payout.entry_id != "":
        # After the payout, so that the entry's handler finds it canceled and has nothing left to do.
        cancel_entry(transaction, mover, payout.entry_id)
    return canceled


def _withdrawable(transaction: Transaction, payout: Payout) -> bool:
    entry = transaction.get(AchEntry, payout.entry_id)
    return entry is not None and entry.status == "queued"


def _unapprovable(transaction: Transaction, payout: Payout, actor: str) -> PayoutRefusal | None:
    if payout.status in FINAL:
        return PayoutRefusal.PAYOUT_OVER
    if payout.status != "requested" or len(payout.approvals) >= payout.approvals_needed:
        return PayoutRefusal.APPROVAL_NOT_NEEDED
    if payout.risk in STOPPING:
        return PayoutRefusal.PAYOUT_BLOCKED
    if actor == payout.requested_by:
        return PayoutRefusal.APPROVER_IS_REQUESTER
    provider = transaction.get(Provider, payout.provider_id)
    if provider is not None and actor in provider.people:
        return PayoutRefusal.APPROVER_IS_PAYEE
    return PayoutRefusal.APPROVED_BY_YOU_ALREADY if actor in payout.approvals else None
