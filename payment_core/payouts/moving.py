"""Writes a payout's next version and tells of it."""

from typing import Literal

from checks.facts import Fact
from checks.facts import Payout as PayoutFact
from payment_core.operations.documents import next_of, object_changed
from payment_core.origin import Origin
from payment_core.payouts.model import Payout
from payment_core.payouts.states import PayoutStatus, next_payout_status
from payment_core.store.port import Transaction

Told = Literal["requested", "submitted", "settled", "returned", "failed", "canceled"]

_TOLD: dict[PayoutStatus, Told] = {
    "requested": "requested",
    "submitted": "submitted",
    "settled": "settled",
    "returned": "returned",
    "failed": "failed",
    "canceled": "canceled",
}


def write_payout(transaction: Transaction, origin: Origin, before: Payout, **changes: object) -> Payout:
    """The payout's next version with its event."""
    after = next_of(before, transaction.now_ms, **changes)
    transaction.change(after, _fact(after, before.status, origin))
    return after


def move_payout(
    transaction: Transaction, origin: Origin, before: Payout, status: PayoutStatus, **changes: object
) -> Payout:
    """The payout in its next state. Raises IllegalTransition."""
    return write_payout(transaction, origin, before, status=next_payout_status(before.status, status), **changes)


def _fact(after: Payout, previous: str, origin: Origin) -> Fact:
    """The event of a payout's version: its own fact where the state has one."""
    told = _TOLD.get(after.status)
    if told is not None and after.status != previous:
        return PayoutFact(
            id=f"{after.id}.{after.version}.{after.status}",
            at_ms=after.updated_at_ms,
            subject=after.id,
            region=origin.region,
            environment=origin.environment,
            version=origin.release,
            rail="ach",
            status=told,
            amount_cents=after.amount_cents,
            provider_id=after.provider_id,
            return_code=after.return_code,
        )
    return object_changed(after, origin, status=after.status, previous_status=previous, amount_cents=after.amount_cents)
