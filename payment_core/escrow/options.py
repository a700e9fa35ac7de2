"""The limits of escrows, with what the reference of the product says as defaults."""

from typing import Literal

import msgspec

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class EscrowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may tune.

    hold_ms: nothing is released for so long after funding; risky_hold_ms: when a payment's fraud score (0 to 1000) is
    at least risky_score. approvals_over_cents: an escrow of more needs approvals_needed people, whose approvals count
    for approval_valid_ms. undecided_goes_to: who gets the money of a dispute that nobody decided for dispute_ms.
    case_from_cents: a sum from which a compliance case is opened (US currency reports begin at $10,000).
    fund_within_ms: an escrow whose payments are not captured by then expires, as an authorization does;
    fund_recheck_ms: how often the sweep looks whether a payment was captured; recheck_ms: after which time it tries
    again what a suspended payee, a disputed payment or a fault kept it from.
    """

    amount_cents_min: int = 100
    amount_cents_max: int = 10_000_000
    hold_ms: int = 72 * HOUR_MS
    hold_ms_max: int = 90 * DAY_MS
    risky_hold_ms: int = 168 * HOUR_MS
    risky_score: int = 700
    approvals_over_cents: int = 500_000
    approvals_needed: int = 2
    approval_valid_ms: int = 24 * HOUR_MS
    dispute_ms: int = 30 * DAY_MS
    undecided_goes_to: Literal["payer", "provider"] = "payer"
    case_from_cents: int = 1_000_000
    fund_within_ms: int = 7 * DAY_MS
    fund_recheck_ms: int = HOUR_MS
    recheck_ms: int = DAY_MS
