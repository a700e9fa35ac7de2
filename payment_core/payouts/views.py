"""What callers see of a payout."""

import msgspec

from payment_core.money import Money
from payment_core.payouts.model import Payout


class PayoutView(msgspec.Struct, frozen=True):
    """arrives_at_ms: when the money should be in the account; a return can still come afterwards.

    holds: why it waits. approvals_needed, approvals_given: people. return_code: NACHA's.
    """

    id: str
    status: str
    provider_id: str
    bank_account_id: str
    amount: Money
    speed: str
    source: str
    holds: tuple[str, ...]
    approvals_needed: int
    approvals_given: int
    arrives_at_ms: int
    entry_id: str
    return_code: str
    failure: str
    created_at_ms: int
    updated_at_ms: int


def payout_view(payout: Payout) -> PayoutView:
    """The payout as callers see it."""
    return PayoutView(
        id=payout.id,
        status=payout.status,
        provider_id=payout.provider_id,
        bank_account_id=payout.bank_account_id,
        amount=Money(payout.amount_cents, payout.currency),
        speed=payout.speed,
        source=payout.source,
        holds=tuple(hold.value for hold in payout.holds),
        approvals_needed=payout.approvals_needed,
        approvals_given=len(payout.approvals),
        arrives_at_ms=payout.arrives_at_ms,
        entry_id=payout.entry_id,
        return_code=payout.return_code,
        failure=payout.failure,
        created_at_ms=payout.created_at_ms,
        updated_at_ms=payout.updated_at_ms,
    )
