"""Invented business: charges with what becomes of them, and for each move of money its balance transaction."""

import random
from collections.abc import Callable, Iterator

import msgspec

from daemon.embedded.exports import fees
from daemon.embedded.exports.people import currency_of_account, identifier
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.exports.sale import Sale
from daemon.embedded.exports.truth import PLATFORM, Truth
from payment_core.migration.export.kinds import Kind

Write = Callable[[Kind, dict[str, object]], None]

TICKETS = (900, 1_800, 2_500, 4_200, 5_000, 7_500, 10_000, 12_900, 20_000, 45_000, 120_000)
"""Amounts in minor units, before some cents are added; a yen is a minor unit, so there they are yen."""

_DAY = 86_400
FAILED, PENDING, UNCAPTURED = 5, 1, 1
ACH, ACH_RETURNED, DIRECT, ABROAD = 15, 1, 20, 12
REFUNDED, HALF_REFUNDED, REFUND_FAILED = 3, 3, 1
DISPUTED_PER_THOUSAND, PAYOUT_FAILED = 8, 2
"""In a hundred, where nothing else is said."""


class Held(msgspec.Struct):
    """What an account held of a currency at the cut, minor units."""

    available: int = 0
    pending: int = 0

    def add(self, net: int, *, is_pending: bool) -> None:
        """One balance transaction more."""
        if is_pending:
            self.pending += net
        else:
            self.available += net


class Business:
    """Makes one charge after another. write: takes each object; truth: adds up what is true of them.

    leave_out: takes in its place what is from before the cut, of which only the balances are told.
    """

    def __init__(
        self, plan: ExportPlan, random_numbers: random.Random, write: Write, leave_out: Write, truth: Truth
    ) -> None:
        self._plan = plan
        self._random = random_numbers
        self._write = self._tell = write
        self._leave_out = leave_out
        self._truth = self._told = truth
        self._held: dict[str, dict[str, Held]] = {}
        self._numbers: dict[str, int] = {}
        self._waiting: dict[int, int] = {}
        self._now = plan.began_at

    def charge(self, number: int) -> None:
        """The charge with this number, and all that follows from it."""
        self._now = self._plan.began_at + self._plan.days * _DAY * number // max(1, self._plan.charges)
        is_cut = self._now < self._plan.cut_at
        self._tell = self._leave_out if is_cut else self._write
        self._told = Truth.nothing() if is_cut else self._truth
        draw = self._random.randrange
        owner = draw(max(1, self._plan.customers))
        account = None if draw(100) < DIRECT or self._plan.accounts == 0 else draw(self._plan.accounts)
        currency = currency_of_account(account) if account is not None else _platform_currency(draw(100))
        amount = TICKETS[draw(len(TICKETS))] + draw(100)
        is_ach = currency == "usd" and draw(100) < ACH
        sale = Sale(
            number=number,
            owner=owner,
            account=account,
            currency=currency,
            amount=amount,
            is_ach=is_ach,
            is_abroad=not is_ach and draw(100) < ABROAD,
        )
        fate = draw(100)
        if fate < FAILED:
            self._charge(sale, status="failed", failure="card_declined")
        elif fate < FAILED + PENDING:
            self._charge(sale, status="pending")
        elif fate < FAILED + PENDING + UNCAPTURED and not is_ach:
            self._charge(sale, status="succeeded", captured=False)
        else:
            self._succeed(sale)

    def openings(self) -> Iterator[tuple[int, dict[str, object]]]:
        """What each account held at the cut, as ``/v1/balance`` writes it, and of how many currencies that is."""
        for owner, by_currency in self._held.items():
            for currency, held in by_currency.items():
                self._truth.opened(owner, currency, held.available + held.pending)
            yield (
                len(by_currency),
                {
                    "object": "balance",
                    "account": None if owner == PLATFORM else owner,
                    "as_of": self._plan.cut_at,
                    "available": [{"amount": held.available, "currency": name} for name, held in by_currency.items()],
                    "livemode": self._plan.livemode,
                    "pending": [{"amount": held.pending, "currency": name} for name, held in by_currency.items()],
                },
            )

    def _succeed(self, sale: Sale) -> None:
        draw = self._random.randrange
        if sale.is_ach and draw(100) < ACH_RETURNED:
            self._returned(sale)
            return
        fate = draw(1_000)
        refund = 0
        if fate < REFUNDED * 10:
            refund = sale.amount
        elif fate < (REFUNDED + HALF_REFUNDED) * 10:
            refund = sale.amount // 2
        disputed = refund == 0 and not sale.is_ach and draw(1_000) < DISPUTED_PER_THOUSAND
        fails = refund > 0 and draw(100) < REFUND_FAILED
        self._charge(
            sale,
            status="succeeded",
            refunded=0 if fails else refund,
            disputed=disputed,
            transaction=self._taken(sale),
        )
        if refund > 0:
            self._refund(sale, refund, fails=fails)
        if disputed:
            self._dispute(sale, draw(4))
        if sale.account is not None:
            waiting = self._waiting[sale.account] = self._waiting.get(sale.account, 0) + 1
            if waiting >= self._plan.payout_after:
                self._payout(sale.account)

    def _taken(self, sale: Sale) -> str:
        """The money of a charge arrives, and goes on to whom it is for."""
        details = self._charge_fees(sale)
        taken = self._move("payment" if sale.is_ach else "charge", sale.currency, sale.amount, details, sale.charge_id)
        if sale.account is not None:
            kept = fees.share(sale.amount, fees.PLATFORM_BASIS_POINTS)
            self._move("transfer", sale.currency, -sale.amount, (), identifier("tr", sale.number))
            self._move("application_fee", sale.currency, kept, (), identifier("fee", sale.number))
            detail = ("application_fee", "", "Marketplace fee", kept)
            self._move("payment", sale.currency, sale.amount, (detail,), identifier("py", sale.number), sale.account)
        return taken

    def _charge_fees(self, sale: Sale) -> tuple[tuple[str, str, str, int], ...]:
        if sale.is_ach:
            fee = min(fees.ACH_MAX, fees.share(sale.amount, fees.ACH_BASIS_POINTS))
            return (("stripe_fee", "ach", "Processing fees for ACH", fee),)
        basis_points, item = fees.CARD[sale.currency]
        details = [("stripe_fee", "card", "Processing fees", fees.share(sale.amount, basis_points) + item)]
        if sale.is_abroad:
            abroad = fees.share(sale.amount, fees.INTERNATIONAL_BASIS_POINTS)
            details.append(("stripe_fee", "international", "International card", abroad))
        return tuple(details)

    def _returned(self, sale: Sale) -> None:
        """An ACH debit that came back days after it was taken."""
        taken = self._move("payment", sale.currency, sale.amount, self._charge_fees(sale), sale.charge_id)
        fee = ("stripe_fee", "ach_return", "Failed ACH payment", fees.ACH_RETURN)
        back = self._move("payment_failure_refund", sale.currency, -sale.amount, (fee,), sale.charge_id)
        self._charge(sale, status="failed", failure="insufficient_funds", transaction=taken, failure_transaction=back)

    def _refund(self, sale: Sale, amount: int, *, fails: bool) -> None:
        refund_id = self._next("re")
        transaction = self._move("refund", sale.currency, -amount, (), refund_id)
        failure = self._move("refund_failure", sale.currency, amount, (), refund_id) if fails else None
        if sale.account is not None and not fails:
            kept = fees.share(sale.amount, fees.PLATFORM_BASIS_POINTS) * amount // sale.amount
            detail = ("application_fee", "", "Marketplace fee refunded", -kept)
            self._move("transfer_refund", sale.currency, amount, (), self._next("trr"))
            self._move("application_fee_refund", sale.currency, -kept, (), self._next("fr"))
            self._move("payment_refund", sale.currency, -amount, (detail,), self._next("pyr"), sale.account)
        marks = ("failed",) if fails else ()
        self._told.sound(Kind.REFUNDS, amount, sale.currency, *marks)
        self._tell(
            Kind.REFUNDS,
            {
                "id": refund_id,
                "object": "refund",
                "amount": amount,
                "balance_transaction": transaction,
                "charge": sale.charge_id,
                "created": self._now + _DAY,
                "currency": sale.currency,
                "failure_balance_transaction": failure,
                "failure_reason": "expired_or_canceled_card" if fails else None,
                "metadata": {},
                "payment_intent": identifier("pi", sale.number),
                "reason": "requested_by_customer",
                "receipt_number": None,
                "source_transfer_reversal": None,
                "status": "failed" if fails else "succeeded",
                "transfer_reversal": None,
            },
        )

    def _dispute(self, sale: Sale, fate: int) -> None:
        dispute_id = self._next("dp")
        status = ("lost", "won", "needs_response", "warning_closed")[fate]
        moves: list[str] = []
        if status != "warning_closed":
            fee = ("stripe_fee", "dispute", "Dispute fee", fees.DISPUTE[sale.currency])
            moves.append(self._move("adjustment", sale.currency, -sale.amount, (fee,), dispute_id))
        if status == "won":
            moves.append(self._move("adjustment", sale.currency, sale.amount, (), dispute_id))
        self._told.sound(Kind.DISPUTES, sale.amount, sale.currency, status)
        self._tell(
            Kind.DISPUTES,
            {
                "id": dispute_id,
                "object": "dispute",
                "amount": sale.amount,
                # Where the API writes the object, an id is read as well.
                "balance_transactions": [{"id": move, "object": "balance_transaction"} for move in moves],
                "charge": sale.charge_id,
                "created": self._now + 3 * _DAY,
                "currency": sale.currency,
                "evidence_details": {"due_by": self._now + 10 * _DAY, "has_evidence": False, "past_due": False},
                "is_charge_refundable": False,
                "livemode": self._plan.livemode,
                "metadata": {},
                "network_reason_code": "10.4",
                "payment_intent": identifier("pi", sale.number),
                "reason": "fraudulent",
                "status": status,
            },
        )

    def _payout(self, account: int) -> None:
        """Everything that an account has is paid out; below 0 it waits for more."""
        self._waiting[account] = 0
        account_id, currency = identifier("acct", account), currency_of_account(account)
        amount = self._truth.balances.get(account_id, {}).get(currency, 0)
        if amount <= 0:
            return
        payout_id = self._next("po")
        fails = self._random.randrange(100) < PAYOUT_FAILED
        transaction = self._move("payout", currency, -amount, (), payout_id, account)
        failure = self._move("payout_failure", currency, amount, (), payout_id, account) if fails else None
        fee = fees.PAYOUT_ITEM[currency] + fees.share(amount, fees.PAYOUT_BASIS_POINTS)
        self._told.charged(currency, "payout", fee)
        self._move("stripe_fee", currency, -fee, (), payout_id, description="Connect payout fee")
        self._told.sound(Kind.PAYOUTS, amount, currency, "failed" if fails else "paid")
        self._tell(
            Kind.PAYOUTS,
            {
                "id": payout_id,
                "object": "payout",
                "account": account_id,
                "amount": amount,
                "arrival_date": self._now + 2 * _DAY,
                "automatic": True,
                "balance_transaction": transaction,
                "created": self._now,
                "currency": currency,
                "description": "STRIPE PAYOUT",
                "destination": identifier("ba", account),
                "failure_balance_transaction": failure,
                "failure_code": "account_closed" if fails else None,
                "livemode": self._plan.livemode,
                "metadata": {},
                "method": "standard",
                "original_payout": None,
                "reversed_by": None,
                "statement_descriptor": None,
                "status": "failed" if fails else "paid",
                "type": "bank_account",
            },
        )

    def _charge(
        self,
        sale: Sale,
        *,
        status: str,
        captured: bool = True,
        refunded: int = 0,
        disputed: bool = False,
        failure: str | None = None,
        transaction: str | None = None,
        failure_transaction: str | None = None,
    ) -> None:
        is_taken = status == "succeeded" and captured
        marks = [status if captured else "uncaptured"]
        if 0 < refunded < sale.amount:
            marks.append("half_refunded")
        self._told.sound(Kind.CHARGES, sale.amount, sale.currency, *marks)
        self._tell(
            Kind.CHARGES,
            {
                **sale.written(self._plan),
                "amount_captured": sale.amount if is_taken else 0,
                "amount_refunded": refunded,
                "balance_transaction": transaction,
                "captured": is_taken,
                "created": self._now,
                "disputed": disputed,
                "failure_balance_transaction": failure_transaction,
                "failure_code": failure,
                "failure_message": None if failure is None else "It was refused.",
                "paid": status == "succeeded",
                "refunded": refunded == sale.amount,
                "status": status,
            },
        )

    def _move(
        self,
        kind: str,
        currency: str,
        amount: int,
        details: tuple[tuple[str, str, str, int], ...],
        source: str,
        account: int | None = None,
        description: str | None = None,
    ) -> str:
        """One balance transaction. details: of the fee: the processor's type, what for, its words, the amount."""
        fee = sum(detail[3] for detail in details)
        for _, what, _, part in details:
            if what:
                self._told.charged(currency, what, part)
        owner = PLATFORM if account is None else identifier("acct", account)
        self._truth.moved(owner, currency, amount - fee)
        if self._now < self._plan.cut_at:
            held = self._held.setdefault(owner, {}).setdefault(currency, Held())
            held.add(amount - fee, is_pending=self._now + 2 * _DAY > self._plan.cut_at)
        self._told.sound(Kind.BALANCE_TRANSACTIONS, amount - fee, currency)
        transaction_id = self._next("txn")
        self._tell(
            Kind.BALANCE_TRANSACTIONS,
            {
                "id": transaction_id,
                "object": "balance_transaction",
                "account": None if account is None else owner,
                "amount": amount,
                "available_on": self._now + 2 * _DAY,
                "created": self._now,
                "currency": currency,
                "description": description,
                "exchange_rate": None,
                "fee": fee,
                "fee_details": [
                    {
                        "amount": part,
                        "application": "ca_marketplace" if of == "application_fee" else None,
                        "currency": currency,
                        "description": words,
                        "type": of,
                    }
                    for of, _, words, part in details
                ],
                "net": amount - fee,
                "reporting_category": "fee" if kind == "stripe_fee" else kind,
                "source": source,
                "status": "available" if self._now + 2 * _DAY <= self._plan.made_at else "pending",
                "type": kind,
            },
        )
        return transaction_id

    def _next(self, prefix: str) -> str:
        number = self._numbers.get(prefix, 0)
        self._numbers[prefix] = number + 1
        return identifier(prefix, number)


def _platform_currency(percent: int) -> str:
    """In which currency a sale of the platform's own is: most in dollars."""
    return "usd" if percent < 80 else ("eur", "gbp", "jpy")[percent % 3]  # noqa: PLR2004  # four in five
