"""The acts that move no money: approve, satisfy a condition, freeze, unfreeze, dispute and expire."""

from payment_core.escrow.acts.guards import belongs_to_payee, needs_approvals, status_refusal, valid_approvals
from payment_core.escrow.acts.saving import Setting, payees_of, save
from payment_core.escrow.model import Approval, Condition, Escrow
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.states import FINAL, Act, status_after
from payment_core.operations.documents import next_of
from payment_core.store.port import Transaction


def approve(transaction: Transaction, setting: Setting, escrow: Escrow, person: str) -> Escrow | EscrowRefusal:
    """One person's yes to the next release, good for a limited time."""
    refusal = status_refusal(escrow)
    # A disputed escrow takes approvals: its resolution may pay the payees.
    if refusal is not None and refusal is not EscrowRefusal.ESCROW_DISPUTED:
        return refusal
    payees = payees_of(transaction, escrow)
    if belongs_to_payee(person, payees):
        return EscrowRefusal.APPROVER_IS_PAYEE
    valid = valid_approvals(escrow, payees, transaction.now_ms, setting.options)
    if any(approval.person == person for approval in valid):
        return EscrowRefusal.ALREADY_APPROVED
    if not needs_approvals(escrow, setting.options):
        return EscrowRefusal.APPROVALS_NOT_NEEDED
    after = next_of(escrow, transaction.now_ms, approvals=(*valid, Approval(person, transaction.now_ms)))
    return save(transaction, setting, escrow, after)


def satisfy(
    transaction: Transaction, setting: Setting, escrow: Escrow, name: str, evidence: str, person: str
) -> Escrow | EscrowRefusal:
    """Note that a condition is satisfied, by a reference to what shows it; also before the money is there."""
    if escrow.status in FINAL:
        return EscrowRefusal.ESCROW_CLOSED
    known = next((condition for condition in escrow.conditions if condition.name == name), None)
    if known is None:
        return EscrowRefusal.CONDITION_NOT_FOUND
    if known.satisfied_at_ms > 0:
        return EscrowRefusal.CONDITION_ALREADY_SATISFIED
    satisfied = Condition(name, transaction.now_ms, person, evidence)
    conditions = tuple(satisfied if condition is known else condition for condition in escrow.conditions)
    return save(transaction, setting, escrow, next_of(escrow, transaction.now_ms, conditions=conditions))


def freeze(transaction: Transaction, setting: Setting, escrow: Escrow, reason: str) -> Escrow | EscrowRefusal:
    """Stop everything, timers too; approvals given before do not count afterwards."""
    refusal = status_refusal(escrow)
    if refusal is not None and refusal is not EscrowRefusal.ESCROW_DISPUTED:
        return refusal
    after = next_of(
        escrow,
        transaction.now_ms,
        status=status_after(escrow.status, Act.FREEZE),
        frozen_from=escrow.status,
        freeze_reason=reason,
        approvals=(),
    )
    return save(transaction, setting, escrow, after)


def unfreeze(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
    """Go on from where it was; a timer that became due meanwhile acts at once, after all its checks."""
    if escrow.status != "frozen":
        return EscrowRefusal.ESCROW_NOT_FROZEN
    after = next_of(
        escrow,
        transaction.now_ms,
        status=status_after(escrow.status, Act.UNFREEZE, escrow.frozen_from),
        frozen_from="",
        freeze_reason="",
    )
    return save(transaction, setting, escrow, after)


def dispute(transaction: Transaction, setting: Setting, escrow: Escrow, reason: str) -> Escrow | EscrowRefusal:
    """Stop releases and the other timers until somebody resolves it, or its own time is over."""
    refusal = status_refusal(escrow)
    if refusal is not None:
        return refusal
    now_ms = transaction.now_ms
    after = next_of(
        escrow,
        now_ms,
        status=status_after(escrow.status, Act.DISPUTE),
        dispute_reason=reason,
        disputed_at_ms=now_ms,
        resolves_at_ms=now_ms + setting.options.dispute_ms,
        approvals=(),
    )
    return save(transaction, setting, escrow, after)


def expire(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
    """Give up an escrow that never got its money."""
    if escrow.status != "created":
        refusal = status_refusal(escrow)
        return EscrowRefusal.ESCROW_ALREADY_FUNDED if refusal is None else refusal
    after = next_of(escrow, transaction.now_ms, status=status_after(escrow.status, Act.EXPIRE))
    return save(transaction, setting, escrow, after)
