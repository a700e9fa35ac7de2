"""Is the money safe: whether the ledger balances, what is off, what is held for others, and how old that proof is."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.cores.books import AccountTotal, TrialBalance
from daemon.cores.books_watch import BooksKnown, Known
from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.console.compose import LEDGER_STALE_MS, ledger_row
from daemon.http.console.figures.shown import Figure, dollars
from daemon.http.console.page import LedgerRow
from daemon.http.words.wording import NO_DATA, age, count

_HELD = ("customer_escrow", "escrow_held")
_OWED = ("provider_available", "refunds_payable", "payout_in_flight")


@dataclass(frozen=True, slots=True)
class MoneyPanel:
    """ledger: the last proof in words. figures: cents that are off, held and owed, with their age."""

    ledger: LedgerRow
    figures: tuple[Figure, ...]


def money_panel(ledger: LedgerStatus | None, books: BooksKnown | None, now_ms: int) -> MoneyPanel:
    """From the last proof and the last trial balance; an old one is no data."""
    accounts = (BooksKnown() if books is None else books).accounts
    proof = NO_DATA if ledger is None else age(now_ms - ledger.checked_at_ms)
    stale = ledger is None or now_ms - ledger.checked_at_ms > LEDGER_STALE_MS
    return MoneyPanel(
        ledger=ledger_row(ledger, now_ms),
        figures=(
            _unreconciled(ledger, stale=stale),
            _sum("Held in escrow", accounts, _HELD, now_ms),
            _sum("Owed to others", accounts, _OWED, now_ms),
            Figure("Last proof", proof if ledger is None else f"{proof} ago", _proof(ledger), "odd" if stale else ""),
        ),
    )


def _unreconciled(ledger: LedgerStatus | None, *, stale: bool) -> Figure:
    if ledger is None or stale:
        return Figure("Not accounted for", NO_DATA, "no proof that is new enough")
    cents = ledger.unreconciled_cents
    if ledger.balanced:
        return Figure("Not accounted for", dollars(cents), "every invariant holds", "good")
    return Figure("Not accounted for", dollars(cents), "an invariant is broken", "bad")


def _proof(ledger: LedgerStatus | None) -> str:
    return "" if ledger is None else f"{count(ledger.entries)} entries added up"


def _sum(label: str, accounts: Known[TrialBalance], names: Sequence[str], now_ms: int) -> Figure:
    if accounts.value is None:
        return Figure(label, NO_DATA, "no core answered" if accounts.fault else "not read yet")
    shown = " + ".join(
        dollars(cents) if currency == "USD" else f"{cents} {currency} minor units"
        for currency, cents in sorted(_by_currency(accounts.value.accounts, names).items())
    )
    since = age(max(0, now_ms - accounts.read_at_ms))
    return Figure(
        label, shown, f"read {since} ago" + (", not since" if accounts.fault else ""), "odd" if accounts.fault else ""
    )


def _by_currency(accounts: Sequence[AccountTotal], names: Sequence[str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in accounts:
        if one.account in names:
            sums[one.currency] = sums.get(one.currency, 0) + one.balance_cents
    return sums
