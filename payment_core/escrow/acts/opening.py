"""Turns a request into a new escrow, or says what is wrong with it."""

from payment_core.escrow.acts.money import fund
from payment_core.escrow.acts.saving import Setting, save
from payment_core.escrow.model import Condition, Escrow, Payee, Source
from payment_core.escrow.options import HOUR_MS, EscrowOptions
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.requests import EscrowRequest
from payment_core.identifiers import new_id
from payment_core.providers.model import Provider
from payment_core.store.port import Transaction


def open_escrow(transaction: Transaction, setting: Setting, request: EscrowRequest) -> Escrow | EscrowRefusal:
    """Make the escrow, and fund it at once when all its payments have the money captured."""
    refusal = request_refusal(request, transaction.now_ms, setting.options)
    sources = _sources(request)
    payees = _payees(request)
    if refusal is None:
        refusal = _reference_refusal(transaction, setting, request.provider_id, sources, payees)
    if refusal is not None:
        return refusal
    first = setting.payments.describe(transaction, sources[0].payment_id)
    now_ms = transaction.now_ms
    escrow = Escrow(
        id=new_id("esc", now_ms),
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        provider_id=request.provider_id,
        customer_id="" if first is None else first.customer_id,
        description=request.description,
        amount_cents=request.amount.amount_cents,
        sources=sources,
        payees=payees,
        conditions=tuple(Condition(name) for name in request.conditions),
        hold_ms=max(setting.options.hold_ms, min(request.hold_hours * HOUR_MS, setting.options.hold_ms_max)),
        auto_release_at_ms=request.auto_release_at_ms,
        auto_refund_at_ms=request.auto_refund_at_ms,
    )
    save(transaction, setting, None, escrow)
    funded = fund(transaction, setting, escrow)
    return escrow if isinstance(funded, EscrowRefusal) else funded


def request_refusal(request: EscrowRequest, now_ms: int, options: EscrowOptions) -> EscrowRefusal | None:
    """What is wrong with the request by itself, or None: the first in order of precedence."""
    ids = [source.payment_id for source in request.payments]
    payees = [payee.provider_id for payee in request.payees]
    amount = request.amount.amount_cents
    timers = (request.auto_release_at_ms, request.auto_refund_at_ms)
    checks = (
        (len(set(ids)) < len(ids), EscrowRefusal.PAYMENTS_REPEATED),
        (len(set(payees)) < len(payees), EscrowRefusal.PAYEES_REPEATED),
        (len(set(request.conditions)) < len(request.conditions), EscrowRefusal.CONDITIONS_REPEATED),
        ((request.payment_id == "") == (not ids), EscrowRefusal.PAYMENT_OR_PAYMENTS),
        (
            bool(ids) and sum(each.amount.amount_cents for each in request.payments) != amount,
            EscrowRefusal.AMOUNTS_DIFFER,
        ),
        (not options.amount_cents_min <= amount <= options.amount_cents_max, EscrowRefusal.AMOUNT_OUTSIDE_LIMITS),
        (all(at_ms > 0 for at_ms in timers), EscrowRefusal.TWO_TIMERS),
        (any(0 < at_ms <= now_ms for at_ms in timers), EscrowRefusal.TIMER_IN_THE_PAST),
    )
    return next((refusal for wrong, refusal in checks if wrong), None)


def _reference_refusal(
    transaction: Transaction,
    setting: Setting,
    provider_id: str,
    sources: tuple[Source, ...],
    payees: tuple[Payee, ...],
) -> EscrowRefusal | None:
    for owner in (provider_id, *(payee.provider_id for payee in payees)):
        provider = transaction.get(Provider, owner)
        if provider is None or provider.status == "closed":
            return EscrowRefusal.PROVIDER_NOT_FOUND
    fundings = [setting.payments.describe(transaction, source.payment_id) for source in sources]
    if any(funding is None for funding in fundings):
        return EscrowRefusal.PAYMENT_NOT_FOUND
    if any(funding is not None and funding.provider_id != provider_id for funding in fundings):
        return EscrowRefusal.PAYMENT_OF_ANOTHER_PROVIDER
    return None


def _sources(request: EscrowRequest) -> tuple[Source, ...]:
    if request.payments:
        return tuple(
            Source(each.payment_id, request.provider_id, each.amount.amount_cents) for each in request.payments
        )
    return (Source(request.payment_id, request.provider_id, request.amount.amount_cents),)


def _payees(request: EscrowRequest) -> tuple[Payee, ...]:
    if request.payees:
        return tuple(Payee(each.provider_id, each.weight) for each in request.payees)
    return (Payee(request.provider_id, 1),)
