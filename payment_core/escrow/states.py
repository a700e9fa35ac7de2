"""Which act is legal in which status of an escrow, and what it leads to; everything else is illegal."""

from enum import StrEnum
from types import MappingProxyType

from payment_core.errors import IllegalTransition
from payment_core.escrow.model import EscrowStatus


class Act(StrEnum):
    """What can happen to an escrow. ``part`` leaves money in it, ``all`` takes what is left."""

    FUND = "fund"
    EXPIRE = "expire"
    RELEASE_PART = "release_part"
    RELEASE_ALL = "release_all"
    REFUND_PART = "refund_part"
    REFUND_ALL = "refund_all"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    DISPUTE = "dispute"
    RESOLVE = "resolve"


AFTER: MappingProxyType[tuple[EscrowStatus, Act], EscrowStatus] = MappingProxyType(
    {
        ("created", Act.FUND): "funded",
        ("created", Act.EXPIRE): "expired",
        ("funded", Act.RELEASE_PART): "partially_released",
        ("funded", Act.RELEASE_ALL): "released",
        ("funded", Act.REFUND_PART): "funded",
        ("funded", Act.REFUND_ALL): "refunded",
        ("funded", Act.FREEZE): "frozen",
        ("funded", Act.DISPUTE): "disputed",
        ("partially_released", Act.RELEASE_PART): "partially_released",
        ("partially_released", Act.RELEASE_ALL): "released",
        ("partially_released", Act.REFUND_PART): "partially_released",
        ("partially_released", Act.REFUND_ALL): "refunded",
        ("partially_released", Act.FREEZE): "frozen",
        ("partially_released", Act.DISPUTE): "disputed",
        ("disputed", Act.RESOLVE): "resolved",
        ("disputed", Act.FREEZE): "frozen",
    }
)
"""The whole table but UNFREEZE, which leads back to where FREEZE came from."""

FINAL: frozenset[EscrowStatus] = frozenset({"released", "refunded", "resolved", "expired"})


def status_after(status: EscrowStatus, act: Act, frozen_from: EscrowStatus | str = "") -> EscrowStatus:
    """The status that the act leads to; raises IllegalTransition.

    frozen_from: what a frozen escrow was before.
    """
    if act is Act.UNFREEZE:
        for before in ("funded", "partially_released", "disputed"):
            if status == "frozen" and frozen_from == before:
                return before
        raise IllegalTransition(f"Escrow: {act} of {status} from {frozen_from}.")
    if (status, act) not in AFTER:
        raise IllegalTransition(f"Escrow: {act} of {status}.")
    return AFTER[status, act]
