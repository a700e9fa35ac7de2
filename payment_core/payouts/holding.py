"""Finds out why a payout has to wait, and when to look again; pure."""

import msgspec

from payment_core.payouts.model import Hold, Payout
from payment_core.providers.model import BankAccount, Provider

CHECK_AGAIN_MS = 3_600_000
"""Most reasons are cleared by people, within hours."""

STOPPING = frozenset({"block", "freeze"})


class Circumstances(msgspec.Struct, frozen=True):
    """What a payout is judged by. disputed_cents: of open disputes, as far as no money is set aside for them."""

    provider: Provider
    account: BankAccount
    disputed_cents: int
    change_hold_ms: int
    now_ms: int


def holds_of(payout: Payout, around: Circumstances) -> tuple[Hold, ...]:
    """Every reason that holds now, in order of precedence; empty when the payout may go."""
    account = around.account
    missing = len(payout.approvals) < payout.approvals_needed
    conditions = (
        (Hold.FRAUD_BLOCKED, payout.risk in STOPPING),
        (Hold.PROVIDER_NOT_ACTIVE, around.provider.status != "active"),
        (Hold.BANK_ACCOUNT_DISABLED, account.status in {"disabled", "failed"}),
        (Hold.BANK_ACCOUNT_UNVERIFIED, account.status in {"unverified", "micro_pending", "prenote_pending"}),
        (Hold.BANK_ACCOUNT_CHANGED, around.now_ms < _rested_at_ms(around)),
        (Hold.DISPUTE_OPEN, around.disputed_cents > 0),
        (Hold.FRAUD_REVIEW, payout.risk == "review" and missing),
        (Hold.APPROVAL_NEEDED, payout.risk != "review" and missing),
    )
    return tuple(hold for hold, holds in conditions if holds)


def next_check_at_ms(holds: tuple[Hold, ...], around: Circumstances) -> int:
    """When the reasons may be gone by themselves."""
    if holds == ():
        return around.now_ms
    if holds == (Hold.BANK_ACCOUNT_CHANGED,):
        return _rested_at_ms(around)
    return around.now_ms + CHECK_AGAIN_MS


def changed_at_ms(provider: Provider, account: BankAccount) -> int:
    """When the account that the money goes to became this one, or another number, bank or type."""
    if account.id == provider.default_bank_account_id:
        return max(account.changed_at_ms, provider.bank_account_changed_at_ms)
    return account.changed_at_ms


def _rested_at_ms(around: Circumstances) -> int:
    """When the account has been the same for long enough."""
    return changed_at_ms(around.provider, around.account) + around.change_hold_ms
