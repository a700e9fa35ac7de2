"""The acts that move an escrow's money: fund, release, refund and resolve, each whole or refused before any write."""

from payment_core.escrow.acts.guards import payment_refusal, release_refusal, status_refusal
from payment_core.escrow.acts.journals import post_funding, post_release, post_return
from payment_core.escrow.acts.saving import Setting, payees_of, save
from payment_core.escrow.acts.splits import take
from payment_core.escrow.model import Escrow, Source
from payment_core.escrow.options import EscrowOptions
from payment_core.escrow.ports import Funding
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.states import Act, status_after
from payment_core.money import split_cents
from payment_core.operations.documents import next_of
from payment_core.providers.case_opening import open_case
from payment_core.store.port import Transaction


def fund(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
    """Move the money of captured payments into the escrow; the hold begins now."""
    if escrow.status != "created":
        refusal = status_refusal(escrow)
        return EscrowRefusal.ESCROW_ALREADY_FUNDED if refusal is None else refusal
    fundings: list[Funding] = []
    for source in escrow.sources:
        funding = setting.payments.describe(transaction, source.payment_id)
        if funding is None:
            return EscrowRefusal.PAYMENT_NOT_FOUND
        if funding.free_cents < source.amount_cents:
            return EscrowRefusal.FUNDS_NOT_CAPTURED
        fundings.append(funding)
    for source in escrow.sources:
        setting.payments.take(transaction, source.payment_id, source.amount_cents)
    case_id = ""
    if escrow.amount_cents >= setting.options.case_from_cents:
        case = open_case(
            transaction,
            setting.origin,
            "currency_threshold",
            escrow.id,
            detail="An escrow reached the sum from which currency reports are considered.",
            amount_cents=escrow.amount_cents,
        )
        case_id = case.id
    after = next_of(
        escrow,
        transaction.now_ms,
        status=status_after(escrow.status, Act.FUND),
        hold_until_ms=transaction.now_ms + _hold_ms(escrow, fundings, setting.options),
        case_id=case_id,
    )
    post_funding(transaction, after)
    return save(transaction, setting, escrow, after)


def release(transaction: Transaction, setting: Setting, escrow: Escrow, amount_cents: int) -> Escrow | EscrowRefusal:
    """Pay the payees their shares of the amount; 0 is all that is held. The approvals are used up with it."""
    amount = escrow.held_cents if amount_cents == 0 else amount_cents
    refusal = status_refusal(escrow)
    if refusal is None and amount > escrow.held_cents:
        refusal = EscrowRefusal.AMOUNT_EXCEEDS_HELD
    if refusal is None:
        payees = payees_of(transaction, escrow)
        refusal = release_refusal(escrow, payees, transaction.now_ms, setting.options)
    if refusal is None and _is_disputed(transaction, setting, escrow):
        refusal = EscrowRefusal.PAYMENT_DISPUTED
    if refusal is not None:
        return refusal
    act = Act.RELEASE_ALL if amount == escrow.held_cents else Act.RELEASE_PART
    sources, taken = take(escrow.sources, amount, "released_cents")
    after = next_of(
        escrow,
        transaction.now_ms,
        status=status_after(escrow.status, act),
        released_cents=escrow.released_cents + amount,
        sources=sources,
        approvals=(),
    )
    _pay(transaction, setting, after, amount, taken)
    return save(transaction, setting, escrow, after)


def refund(
    transaction: Transaction, setting: Setting, escrow: Escrow, amount_cents: int, reason: str
) -> Escrow | EscrowRefusal:
    """Give the amount back to the payer; 0 is all that is held. Raises RefundRefused, and then nothing was written."""
    amount = escrow.held_cents if amount_cents == 0 else amount_cents
    refusal = status_refusal(escrow)
    if refusal is None and amount > escrow.held_cents:
        refusal = EscrowRefusal.AMOUNT_EXCEEDS_HELD
    if refusal is not None:
        return refusal
    act = Act.REFUND_ALL if amount == escrow.held_cents else Act.REFUND_PART
    sources, taken = take(escrow.sources, amount, "refunded_cents")
    after = next_of(
        escrow,
        transaction.now_ms,
        status=status_after(escrow.status, act),
        refunded_cents=escrow.refunded_cents + amount,
        sources=sources,
    )
    _give_back(transaction, setting, after, taken, reason)
    return save(transaction, setting, escrow, after)


def resolve(
    transaction: Transaction, setting: Setting, escrow: Escrow, *, provider_cents: int, payer_cents: int
) -> Escrow | EscrowRefusal:
    """End a dispute: both parts together are exactly what is held. Raises RefundRefused."""
    if escrow.status == "frozen":
        return EscrowRefusal.ESCROW_FROZEN
    if escrow.status != "disputed":
        return EscrowRefusal.ESCROW_NOT_DISPUTED
    if provider_cents + payer_cents != escrow.held_cents:
        return EscrowRefusal.SPLIT_DIFFERS_FROM_HELD
    if provider_cents > 0:
        payees = payees_of(transaction, escrow)
        refusal = payment_refusal(escrow, payees, transaction.now_ms, setting.options)
        if refusal is None and _is_disputed(transaction, setting, escrow):
            refusal = EscrowRefusal.PAYMENT_DISPUTED
        if refusal is not None:
            return refusal
    sources, released = take(escrow.sources, provider_cents, "released_cents")
    sources, refunded = take(sources, payer_cents, "refunded_cents")
    after = next_of(
        escrow,
        transaction.now_ms,
        status=status_after(escrow.status, Act.RESOLVE),
        released_cents=escrow.released_cents + provider_cents,
        refunded_cents=escrow.refunded_cents + payer_cents,
        sources=sources,
        approvals=(),
    )
    if provider_cents > 0:
        _pay(transaction, setting, after, provider_cents, released)
    if payer_cents > 0:
        _give_back(transaction, setting, after, refunded, "dispute resolved")
    return save(transaction, setting, escrow, after)


def _is_disputed(transaction: Transaction, setting: Setting, escrow: Escrow) -> bool:
    fundings = [setting.payments.describe(transaction, source.payment_id) for source in escrow.sources]
    return any(funding is not None and funding.is_disputed for funding in fundings)


def _pay(
    transaction: Transaction, setting: Setting, after: Escrow, amount: int, taken: tuple[tuple[Source, int], ...]
) -> None:
    shares = split_cents(amount, [payee.weight for payee in after.payees])
    parts = [(payee.provider_id, cents) for payee, cents in zip(after.payees, shares, strict=True)]
    post_release(transaction, after, parts)
    for source, cents in taken:
        setting.payments.release(transaction, source.payment_id, cents)


def _give_back(
    transaction: Transaction, setting: Setting, after: Escrow, taken: tuple[tuple[Source, int], ...], reason: str
) -> None:
    post_return(transaction, after, taken)
    for source, cents in taken:
        setting.payments.refund(transaction, source.payment_id, cents, reason)


def _hold_ms(escrow: Escrow, fundings: list[Funding], options: EscrowOptions) -> int:
    risky = any(funding.risk_score >= options.risky_score for funding in fundings)
    return max(escrow.hold_ms, options.risky_hold_ms if risky else options.hold_ms)
