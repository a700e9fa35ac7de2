"""The states of a payout, and the only ways from one to another."""

from types import MappingProxyType
from typing import Literal

from payment_core.errors import IllegalTransition

PayoutStatus = Literal[
    "requested",
    "approved",
    "batched",
    "file_built",
    "submitted",
    "acked",
    "settled",
    "returned",
    "failed",
    "canceled",
]

PAYOUT_TRANSITIONS: MappingProxyType[PayoutStatus, frozenset[PayoutStatus]] = MappingProxyType(
    {
        "requested": frozenset({"approved", "canceled", "failed"}),
        "approved": frozenset({"requested", "batched", "canceled", "failed"}),
        "batched": frozenset({"file_built", "canceled", "failed"}),
        "file_built": frozenset({"submitted"}),
        "submitted": frozenset({"acked", "settled", "returned", "failed"}),
        "acked": frozenset({"settled", "returned"}),
        "settled": frozenset({"returned"}),
        "returned": frozenset(),
        "failed": frozenset(),
        "canceled": frozenset(),
    }
)
"""approved -> requested: a reason to hold it came up. submitted -> failed: the bank refused the whole file.

From file_built on only the bank's answers move it: bytes that name it exist, so it can no longer be taken back.
settled has a way on, because a return may come later.
"""

CANCELABLE: frozenset[PayoutStatus] = frozenset({"requested", "approved", "batched"})
FINAL: frozenset[PayoutStatus] = frozenset({"returned", "failed", "canceled"})


def next_payout_status(status: PayoutStatus, wanted: PayoutStatus) -> PayoutStatus:
    """The wanted state; raises IllegalTransition when there is no way to it."""
    if wanted not in PAYOUT_TRANSITIONS[status]:
        raise IllegalTransition(f"Payout: {status} to {wanted}.")
    return wanted
