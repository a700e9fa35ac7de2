"""What the journal says about putting a release's payments right, bounded."""

import msgspec

from remediation.compensation.model import AffectedPayment

LISTED_MAX = 500
"""Payments in one list, some 250 bytes each; what is beyond is counted, and is in the next list."""
COMPENSATIONS_MAX = 10
"""Releases whose lists are kept; the journal keeps them all."""


class FixState(msgspec.Struct, frozen=True, kw_only=True):
    """One fix on its way. ended: nothing more is sent. done: it is in effect. detail: what came of it."""

    begun_at_ms: int = 0
    ended: bool = False
    done: bool = False
    detail: str = ""


class CompensationState(msgspec.Struct, frozen=True, kw_only=True):
    """The newest list of one release. digest: what an approval names. beyond: affected payments that are not in it.

    fixes: by payment, also of earlier lists: what was done once is not done again.
    """

    deployment_id: str
    digest: str
    listed_at_ms: int
    payments: tuple[AffectedPayment, ...]
    beyond: int = 0
    fixes: dict[str, FixState] = {}
