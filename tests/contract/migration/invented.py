"""Invented records of an old processor, with and without dirt, as a source that a runner reads."""

import hashlib
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field

import msgspec
from stdnum import luhn

from payment_core.migration.export.errors import CipherDamaged
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Body, Malformed, Position, Read, Reason, Record
from payment_core.migration.export.shapes.account import Account, BankAccount
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.export.shapes.refund import Refund
from payment_core.vault.numbers.sensitive import Sensitive

MADE_AT_MS = 1_790_000_000_000
DAY_MS = 86_400_000
CREATED = 1_780_000_000
ROUTING = "021000021"


def card_number(serial: int) -> str:
    """A card number that passes every check."""
    partial = f"400000{serial:09d}"
    return partial + str(luhn.calc_check_digit(partial))


def record(body: Body, kind: Kind, place: int, *, occurred_at_ms: int = MADE_AT_MS, removed: bool = False) -> Record:
    """A record of one file of its kind."""
    return Record(
        kind=kind,
        id=body.id,
        body=body,
        source_hash=hashlib.sha256(f"{kind}{body!r}".encode()).hexdigest(),
        position=Position(0, place),
        file=f"{kind.value}.jsonl",
        occurred_at_ms=occurred_at_ms,
        is_removed=removed,
    )


def malformed(kind: Kind, place: int, reason: Reason = Reason.NOT_JSON) -> Malformed:
    """What stands where a record should be."""
    return Malformed(
        kind=kind,
        reason=reason,
        detail="It is none.",
        source_hash=hashlib.sha256(f"{kind}{place}".encode()).hexdigest(),
        position=Position(0, place),
        file=f"{kind.value}.jsonl",
        occurred_at_ms=MADE_AT_MS,
    )


@dataclass
class Invented:
    """A source in memory. broken: kinds whose proof fails. reads: how many records were given out."""

    reads_of: dict[Kind, list[Read]] = field(default_factory=dict)
    identity: str = "e" * 64
    made_at_ms: int = MADE_AT_MS
    broken: frozenset[Kind] = frozenset()
    reads: int = 0

    def add(self, kind: Kind, *bodies: Body) -> "Invented":
        """Good records behind those there are."""
        of = self.reads_of.setdefault(kind, [])
        of.extend([record(body, kind, place) for place, body in enumerate(bodies, start=len(of) + 1)])
        return self

    def spoil(self, kind: Kind, reason: Reason = Reason.NOT_JSON) -> "Invented":
        """Something that is no record behind those there are."""
        of = self.reads_of.setdefault(kind, [])
        of.append(malformed(kind, len(of) + 1, reason))
        return self

    def later(self, identity: str = "d") -> "Invented":
        """The same records as an export of a day later."""
        made = Invented(identity=identity * 64, made_at_ms=self.made_at_ms + DAY_MS)
        for kind, reads in self.reads_of.items():
            made.reads_of[kind] = [msgspec.structs.replace(read, occurred_at_ms=made.made_at_ms) for read in reads]
        return made

    def records(self, kind: Kind) -> int:
        """All of them, good or not."""
        return len(self.reads_of.get(kind, []))

    async def read(self, kind: Kind, after: Position) -> AsyncGenerator[Read, None]:
        """Those behind this place."""
        for one in list(self.reads_of.get(kind, [])):
            if one.position > after:
                self.reads += 1
                yield one

    async def prove(self, kind: Kind) -> None:
        """Refuse what is broken."""
        if kind in self.broken:
            raise CipherDamaged(kind.value)


def customers(numbers: Iterable[int]) -> list[Customer]:
    """Customers ``cus_1`` and so on."""
    return [
        Customer(
            id=f"cus_{number}",
            created=CREATED,
            name=f"Ada {number}",
            email=f"ada{number}@example.com",
            metadata={"tier": "gold", "city": "Austin"},
        )
        for number in numbers
    ]


def cards(numbers: Iterable[int]) -> list[PaymentMethod]:
    """A card of each customer of the same number."""
    return [card(f"pm_{number}", f"cus_{number}", card_number(number)) for number in numbers]


def card(method_id: str, customer: str | None, number: str, *, year: int = 2031, month: int = 4) -> PaymentMethod:
    """One card."""
    return PaymentMethod(
        id=method_id,
        customer=customer,
        number=Sensitive(number),
        exp_month=month,
        exp_year=year,
        name="Ada Lovelace",
        last4=number[-4:],
        network_transaction_id="ntid-1",
        metadata={"label": "main"},
        created=CREATED,
    )


def account(account_id: str, **said: object) -> Account:
    """A connected account in good standing."""
    given: dict[str, object] = {"country": "US", "name": f"Plumber {account_id}", "payouts_enabled": True, **said}
    return Account(id=account_id, **given)  # type: ignore[arg-type]  # fields of Account


def bank(bank_id: str, account_id: str, number: str = "000123456789", **said: object) -> BankAccount:
    """Its bank account."""
    given: dict[str, object] = {
        "routing_number": ROUTING,
        "account_number": Sensitive(number),
        "account_holder_name": "Plumber",
        "account_type": "checking",
        "country": "US",
        "status": "verified",
        "default_for_currency": True,
        **said,
    }
    return BankAccount(id=bank_id, account=account_id, **given)  # type: ignore[arg-type]  # fields of BankAccount


def balance_transaction(
    number: int,
    amount: int,
    fee: int = 0,
    *,
    kind: str = "charge",
    source: str | None = None,
    currency: str = "usd",
    account: str | None = None,
) -> BalanceTransaction:
    """One change of a balance."""
    return BalanceTransaction(
        id=f"txn_{number}",
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=currency,
        type=kind,
        created=CREATED + number,
        source=source,
        account=account,
    )


def charge(number: int, amount: int, currency: str = "usd") -> Charge:
    """A charge that took its amount."""
    return Charge(
        id=f"ch_{number}",
        amount=amount,
        amount_captured=amount,
        currency=currency,
        status="succeeded",
        created=CREATED + number,
        customer=f"cus_{number}",
        balance_transaction=f"txn_{number}",
        captured=True,
        paid=True,
    )


def sales(source: Invented, numbers: Iterable[int], amount: int = 10_000) -> Invented:
    """A charge with its balance transaction for each number; every third is refunded, every fifth paid out in euros."""
    for number in numbers:
        currency = "eur" if number % 5 == 0 else "usd"
        source.add(Kind.CHARGES, charge(number, amount + number, currency))
        source.add(
            Kind.BALANCE_TRANSACTIONS,
            balance_transaction(number, amount + number, 59, source=f"ch_{number}", currency=currency),
        )
        if number % 3 == 0:
            half = amount // 2
            source.add(
                Kind.REFUNDS,
                Refund(id=f"re_{number}", amount=half, currency=currency, created=CREATED, charge=f"ch_{number}"),
            )
            refund = balance_transaction(1000 + number, -half, kind="refund", source=f"re_{number}", currency=currency)
            source.add(Kind.BALANCE_TRANSACTIONS, refund)
        if number % 5 == 0:
            source.add(
                Kind.PAYOUTS, Payout(id=f"po_{number}", amount=700, currency=currency, created=CREATED, status="paid")
            )
            paid = balance_transaction(2000 + number, -700, kind="payout", source=f"po_{number}", currency=currency)
            source.add(Kind.BALANCE_TRANSACTIONS, paid)
    return source


def whole(count: int) -> Invented:
    """An export of every kind without dirt."""
    numbers = range(1, count + 1)
    source = Invented()
    source.add(Kind.CUSTOMERS, *customers(numbers))
    source.add(Kind.PAYMENT_METHODS, *cards(numbers))
    source.add(Kind.ACCOUNTS, *(account(f"acct_{number}") for number in numbers))
    source.add(
        Kind.BANK_ACCOUNTS, *(bank(f"ba_{number}", f"acct_{number}", f"0001234{number:05d}") for number in numbers)
    )
    return sales(source, numbers)
