"""The limits of verifying bank accounts."""

import msgspec

DAY_MS = 24 * 3_600_000


class AccountOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may tune.

    micro_attempts: guesses of the two amounts. micro_valid_ms: after so long the amounts are no longer accepted.
    micro_cents_max: of one micro-entry; Nacha: less than $1. prenote_banking_days: how long a return may take.
    replaced_kept_ms: how long the number of a replaced account is kept for entries that are on their way.
    """

    micro_attempts: int = 3
    micro_valid_ms: int = 10 * DAY_MS
    micro_cents_max: int = 99
    prenote_banking_days: int = 3
    replaced_kept_ms: int = 10 * DAY_MS
