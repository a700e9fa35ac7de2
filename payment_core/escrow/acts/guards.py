"""What has to hold before money leaves an escrow: pure, over the escrow, its payees and the time."""

from collections.abc import Sequence

from payment_core.escrow.model import Approval, Escrow
from payment_core.escrow.options import EscrowOptions
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.states import FINAL
from payment_core.providers.model import Provider


def status_refusal(escrow: Escrow) -> EscrowRefusal | None:
    """Why the status alone keeps money in: only a funded or partially released escrow gives any."""
    if escrow.status == "frozen":
        return EscrowRefusal.ESCROW_FROZEN
    if escrow.status == "disputed":
        return EscrowRefusal.ESCROW_DISPUTED
    if escrow.status == "created":
        return EscrowRefusal.ESCROW_NOT_FUNDED
    return EscrowRefusal.ESCROW_CLOSED if escrow.status in FINAL else None


def release_refusal(
    escrow: Escrow, payees: Sequence[Provider | None], now_ms: int, options: EscrowOptions
) -> EscrowRefusal | None:
    """Why nothing is released to the payees now, or None. payees: as stored, in the escrow's order."""
    refusal = status_refusal(escrow)
    if refusal is not None:
        return refusal
    if now_ms < escrow.hold_until_ms:
        return EscrowRefusal.HOLD_NOT_OVER
    if any(condition.satisfied_at_ms == 0 for condition in escrow.conditions):
        return EscrowRefusal.CONDITIONS_NOT_SATISFIED
    return payment_refusal(escrow, payees, now_ms, options)


def payment_refusal(
    escrow: Escrow, payees: Sequence[Provider | None], now_ms: int, options: EscrowOptions
) -> EscrowRefusal | None:
    """Why payees get nothing now, whatever the hold and the conditions: also a resolved dispute asks this."""
    if needs_approvals(escrow, options) and len(valid_approvals(escrow, payees, now_ms, options)) < (
        options.approvals_needed
    ):
        return EscrowRefusal.APPROVALS_MISSING
    if any(payee is None or payee.status != "active" for payee in payees):
        return EscrowRefusal.PAYEE_NOT_ACTIVE
    return None


def needs_approvals(escrow: Escrow, options: EscrowOptions) -> bool:
    """By the size of the whole escrow: releasing it in small parts does not go round the rule."""
    return escrow.amount_cents > options.approvals_over_cents


def valid_approvals(
    escrow: Escrow, payees: Sequence[Provider | None], now_ms: int, options: EscrowOptions
) -> tuple[Approval, ...]:
    """One approval of each person that counts now: fresh enough, and not of somebody who belongs to a payee."""
    fresh = {
        approval.person: approval
        for approval in escrow.approvals
        if now_ms < approval.at_ms + options.approval_valid_ms and not belongs_to_payee(approval.person, payees)
    }
    return tuple(fresh.values())


def belongs_to_payee(person: str, payees: Sequence[Provider | None]) -> bool:
    """Whether the person is a payee or one of its people; names are compared without their case."""
    name = person.casefold()
    return any(
        payee is not None
        and name in {payee.id.casefold(), f"key:{payee.id}".casefold(), *(each.casefold() for each in payee.people)}
        for payee in payees
    )
