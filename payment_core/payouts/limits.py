"""How much a provider may be paid in a day and in a month, counted when a payout is asked for."""

from datetime import date

from config.ach import PayoutTerms
from payment_core.payouts.model import PayoutTotals
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.store.port import Transaction

MONTH_WIDTH = 7
"""Characters of YYYY-MM at the beginning of an ISO date."""


def room_cents(transaction: Transaction, provider_id: str, day: date, terms: PayoutTerms) -> int:
    """What both limits still leave."""
    return max(0, min(_room(transaction, provider_id, day, terms)))


def limit_refusal(
    transaction: Transaction, provider_id: str, day: date, amount_cents: int, terms: PayoutTerms
) -> PayoutRefusal | None:
    """Which limit the amount would break."""
    day_room, month_room = _room(transaction, provider_id, day, terms)
    if amount_cents > day_room:
        return PayoutRefusal.DAILY_LIMIT_EXCEEDED
    return PayoutRefusal.MONTHLY_LIMIT_EXCEEDED if amount_cents > month_room else None


def count(transaction: Transaction, provider_id: str, counted_on: str, amount_cents: int) -> None:
    """Add to the day and its month; a negative amount when the payout ended without having been paid."""
    for period in (counted_on, counted_on[:MONTH_WIDTH]):
        used = _used(transaction, provider_id, period)
        transaction.put(PayoutTotals(id=f"{provider_id}:{period}", cents=max(0, used + amount_cents)))


def _room(transaction: Transaction, provider_id: str, day: date, terms: PayoutTerms) -> tuple[int, int]:
    period = day.isoformat()
    return (
        terms.daily_limit_cents - _used(transaction, provider_id, period),
        terms.monthly_limit_cents - _used(transaction, provider_id, period[:MONTH_WIDTH]),
    )


def _used(transaction: Transaction, provider_id: str, period: str) -> int:
    known = transaction.get(PayoutTotals, f"{provider_id}:{period}")
    return 0 if known is None else known.cents
