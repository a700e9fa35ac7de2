"""Writes an escrow's next version with its event, and sets the timer that looks at it next."""

import msgspec

from payment_core.escrow.model import Escrow, EscrowTimer
from payment_core.escrow.options import EscrowOptions
from payment_core.escrow.ports import EscrowPayments
from payment_core.escrow.states import FINAL
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.providers.model import Provider
from payment_core.store.port import Transaction


class Setting(msgspec.Struct, frozen=True):
    """What every act on an escrow needs besides its transaction."""

    payments: EscrowPayments
    origin: Origin
    options: EscrowOptions


def save(transaction: Transaction, setting: Setting, before: Escrow | None, after: Escrow) -> Escrow:
    """Write this version; the event's amount is what the escrow is over."""
    record_change(
        transaction,
        setting.origin,
        after,
        status=after.status,
        previous_status="" if before is None else before.status,
        amount_cents=after.amount_cents,
    )
    set_timer(transaction, after.id, next_look_ms(after, transaction.now_ms, setting.options))
    return after


def set_timer(transaction: Transaction, escrow_id: str, at_ms: int) -> None:
    """Have the sweep look at the escrow then; 0: not before something else happens to it."""
    if at_ms > 0:
        transaction.put(EscrowTimer(id=escrow_id, at_ms=at_ms))
    elif transaction.get(EscrowTimer, escrow_id) is not None:
        transaction.delete(EscrowTimer, escrow_id)


def next_look_ms(escrow: Escrow, now_ms: int, options: EscrowOptions) -> int:
    """When the next timer of this escrow is due, 0 for never: a frozen escrow has none."""
    if escrow.status == "created":
        return min(escrow.created_at_ms + options.fund_within_ms, now_ms + options.fund_recheck_ms)
    if escrow.status == "disputed":
        return escrow.resolves_at_ms
    if escrow.status == "frozen" or escrow.status in FINAL:
        return 0
    if escrow.auto_release_at_ms > 0:
        return max(escrow.auto_release_at_ms, escrow.hold_until_ms)
    return escrow.auto_refund_at_ms


def payees_of(transaction: Transaction, escrow: Escrow) -> list[Provider | None]:
    """The payees as stored, in the escrow's order."""
    return [transaction.get(Provider, payee.provider_id) for payee in escrow.payees]
