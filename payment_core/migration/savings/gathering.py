"""Adds an export up, record by record: payments and fees by currency, rail and ticket band."""

import msgspec

from payment_core.costs.bands import band_of
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.savings.fees import FeeKind, fees_of, is_sale

CARD, BANK, OTHER = "card", "ach", "other"
"""Rails, as prices name them; other: a way of paying that there is none for here."""

_BANK_TYPES = frozenset({"us_bank_account", "ach_debit"})
_DAY_SECONDS = 86_400


class CohortKey(msgspec.Struct, frozen=True, order=True):
    """currency: ISO 4217 in lower case. place, band: of the ticket, among ``payment_core.costs.bands``."""

    currency: str
    rail: str
    place: int
    band: str


class Cohort(msgspec.Struct):
    """payments: that arrived. amount, fees: minor units; fees are those of the payments themselves."""

    payments: int = 0
    amount: int = 0
    fees: int = 0


class Gathering:
    """Give it all charges, then all balance transactions and payouts, in any order among themselves.

    Repeated records count once. It keeps some 75 bytes for each balance transaction and each charge that was not paid
    by card, and nothing for others: a hash of the id, of which two among ten million are alike once in 300,000 times.
    """

    def __init__(self) -> None:
        self.cohorts: dict[CohortKey, Cohort] = {}
        self.fees: dict[str, dict[FeeKind, int]] = {}
        self.payouts: dict[str, int] = {}
        self.bank_returns: dict[str, int] = {}
        self.disputes: dict[str, int] = {}
        self.first_at = self.last_at = 0
        self._rails: dict[int, str] = {}
        self._seen: set[int] = set()
        self._paid_out: set[int] = set()

    def charge(self, charge: Charge) -> None:
        """Remember how it was paid, when not by card."""
        kind = charge.payment_method_details.type
        if kind is not None and kind != CARD:
            self._rails[hash(charge.id)] = BANK if kind in _BANK_TYPES else OTHER

    def balance_transaction(self, transaction: BalanceTransaction) -> None:
        """Count what arrived by it, and what the processor took."""
        key = hash(transaction.id)
        if key in self._seen:
            return
        self._seen.add(key)
        currency, of_sale = transaction.currency, 0
        of = self.fees.setdefault(currency, {})
        sale = is_sale(transaction)
        for kind, amount in fees_of(transaction):
            of[kind] = of.get(kind, 0) + amount
            of_sale += amount if sale else 0
            if kind is FeeKind.BANK_RETURN and amount > 0:
                self.bank_returns[currency] = self.bank_returns.get(currency, 0) + 1
            if kind is FeeKind.DISPUTE and amount > 0:
                self.disputes[currency] = self.disputes.get(currency, 0) + 1
        if sale:
            self._arrived(transaction, of_sale)

    def payout(self, payout: Payout) -> None:
        """Count what was paid out; what failed or was canceled was not."""
        key = hash(payout.id)
        if payout.amount <= 0 or payout.status in {"failed", "canceled"} or key in self._paid_out:
            return
        self._paid_out.add(key)
        self.payouts[payout.currency] = self.payouts.get(payout.currency, 0) + 1

    def _arrived(self, transaction: BalanceTransaction, fees: int) -> None:
        rail = CARD if transaction.type == "charge" else OTHER
        if transaction.source is not None:
            rail = self._rails.get(hash(transaction.source), rail)
        place, band = band_of(transaction.amount)
        cohort = self.cohorts.setdefault(CohortKey(transaction.currency, rail, place, band), Cohort())
        cohort.payments += 1
        cohort.amount += transaction.amount
        cohort.fees += fees
        at = transaction.created
        self.first_at = at if self.first_at == 0 else min(self.first_at, at)
        self.last_at = max(self.last_at, at)

    @property
    def days(self) -> int:
        """Days from the first payment to the last, both counted; 0 without one."""
        return 0 if self.last_at == 0 else (self.last_at - self.first_at) // _DAY_SECONDS + 1

    def payments(self, currency: str, rail: str | None = None) -> int:
        """How many arrived."""
        return sum(
            cohort.payments
            for key, cohort in self.cohorts.items()
            if key.currency == currency and (rail is None or key.rail == rail)
        )
