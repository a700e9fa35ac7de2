"""Escrows as the API shows them."""

import msgspec

from payment_core.escrow.model import Condition, Escrow, Payee
from payment_core.money import Money


class SourceView(msgspec.Struct, frozen=True):
    """A payment that funds the escrow."""

    payment_id: str
    amount: Money
    released: Money
    refunded: Money


class EscrowView(msgspec.Struct, frozen=True, kw_only=True):
    """An escrow. held: amount less released less refunded, zero before it is funded. Times: Unix ms, 0 is never."""

    id: str
    status: str
    provider_id: str
    customer_id: str
    description: str
    amount: Money
    held: Money
    released: Money
    refunded: Money
    payments: list[SourceView]
    payees: list[Payee]
    conditions: list[Condition]
    approved_by: list[str]
    hold_until_ms: int
    auto_release_at_ms: int
    auto_refund_at_ms: int
    resolves_at_ms: int
    freeze_reason: str
    dispute_reason: str
    case_id: str
    version: int
    created_at_ms: int
    updated_at_ms: int


def view_of(escrow: Escrow) -> EscrowView:
    """The escrow as the API shows it."""
    return EscrowView(
        id=escrow.id,
        status=escrow.status,
        provider_id=escrow.provider_id,
        customer_id=escrow.customer_id,
        description=escrow.description,
        amount=Money(escrow.amount_cents),
        held=Money(escrow.held_cents),
        released=Money(escrow.released_cents),
        refunded=Money(escrow.refunded_cents),
        payments=[
            SourceView(
                source.payment_id,
                Money(source.amount_cents),
                Money(source.released_cents),
                Money(source.refunded_cents),
            )
            for source in escrow.sources
        ],
        payees=list(escrow.payees),
        conditions=list(escrow.conditions),
        approved_by=[approval.person for approval in escrow.approvals],
        hold_until_ms=escrow.hold_until_ms,
        auto_release_at_ms=escrow.auto_release_at_ms,
        auto_refund_at_ms=escrow.auto_refund_at_ms,
        resolves_at_ms=escrow.resolves_at_ms if escrow.status == "disputed" else 0,
        freeze_reason=escrow.freeze_reason,
        dispute_reason=escrow.dispute_reason,
        case_id=escrow.case_id,
        version=escrow.version,
        created_at_ms=escrow.created_at_ms,
        updated_at_ms=escrow.updated_at_ms,
    )
