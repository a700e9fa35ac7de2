"""The terms that payments are taken on."""

import msgspec

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


class Terms(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """fee_basis_points: our part of every capture. authorization_ms: how long uncaptured money stays authorized.

    release_delay_ms: from the last capture until the provider has the money. ach_release_delay_ms: the same for a bank
    debit, which can be returned for two banking days and later. evidence_ms: how long a dispute waits for a response.
    lease_ms: how long an operation belongs to who began it; longer than its longest way.
    health_authorization_ms: when a health payment that nobody voided, because its process died, is released.
    """

    fee_basis_points: int = 800
    authorization_ms: int = 7 * _DAY_MS
    release_delay_ms: int = 2 * _DAY_MS
    ach_release_delay_ms: int = 5 * _DAY_MS
    evidence_ms: int = 14 * _DAY_MS
    lease_ms: int = 15_000
    health_authorization_ms: int = 60_000


RETRY_UNKNOWN_MS = 1000
"""An undecided operation is looked at again after this long; one status question costs the rail little."""

RETRY_EXPIRY_MS = _HOUR_MS
"""A rail that does not release an authorization, or does not give back, is asked to again after this long."""
