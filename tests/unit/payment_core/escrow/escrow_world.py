"""Escrows over the store in memory and real payments, with a clock that tests move and a store that dies on demand."""

from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from payment_core.answers import Answer
from payment_core.escrow.acts.saving import Setting
from payment_core.escrow.desk import EscrowDesk
from payment_core.escrow.funding import PaymentFunds
from payment_core.escrow.model import RECORDS, Escrow
from payment_core.escrow.options import HOUR_MS, EscrowOptions
from payment_core.escrow.requests import EscrowRequest, PayeeRequest
from payment_core.escrow.timers import EscrowTimers
from payment_core.ledger import recipes
from payment_core.ledger.accounts import CUSTOMER_ESCROW, ESCROW_HELD, PROVIDER_AVAILABLE, account_of
from payment_core.ledger.posting import Hold
from payment_core.money import Charge, fee_cents
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import KeyRecord, request_hash
from payment_core.origin import Origin
from payment_core.payments.facts import payment_changed
from payment_core.payments.model import Capture, Dispute, Fraud, Payment, Refund, Waiting
from payment_core.payments.states import PaymentStatus
from payment_core.providers import model as providers
from payment_core.providers.model import Provider, ProviderStatus
from payment_core.store.memory import MemoryStore
from payment_core.store.port import Transaction, Work
from payment_core.store.records import Listing, Query, Record
from payment_core.store.stage import Registry
from payment_core.store.walking import every_account

NOW_MS = 1_795_690_800_000
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
ALL_RECORDS: tuple[type[Record], ...] = (
    *RECORDS,
    *providers.RECORDS,
    Payment,
    Capture,
    Refund,
    Dispute,
    Waiting,
    KeyRecord,
    Hold,
)

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return self.at_ms


class Died(BaseException):
    """The process ended here."""


class MortalStore:
    """Dies at the n-th await of the store, before or after the commit; immortal while n is 0."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.dies_at = 0
        self.awaits = 0

    def _await(self) -> None:
        self.awaits += 1
        if self.awaits == self.dies_at:
            raise Died

    async def transact(self, work: Work[T], actor: str) -> T:
        self._await()
        answer = await self._store.transact(work, actor)
        self._await()
        return answer

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        self._await()
        return await self._store.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        self._await()
        return await self._store.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Any:  # noqa: ANN401  # passed through
        return await self._store.account(account_id, currency)


class EscrowWorld:
    """One process: its store, its desk and its sweep."""

    def __init__(self, options: EscrowOptions | None = None, records: tuple[type[Record], ...] = ALL_RECORDS) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(registry=Registry(records), producer="blue", clock=self.clock)
        self.mortal = MortalStore(self.store)
        self.options = EscrowOptions() if options is None else options
        self.setting = Setting(PaymentFunds(), ORIGIN, self.options)
        self.desk = EscrowDesk(self.mortal, self.setting)
        self.timers = EscrowTimers(self.mortal, self.setting)
        self._keys = 0

    def call(self, actor: str = "key:ops", key: str = "", **path: str) -> Call:
        """A call with a key of its own unless one is given."""
        self._keys += 1
        name = f"k{self._keys}" if key == "" else key
        return Call(
            actor=actor,
            instance="/v1/escrows",
            key=name,
            request_hash=request_hash(f"{sorted(path.items())}", None),
            path=path,
            query={"limit": 25, "after": "", "provider_id": ""},
        )

    async def add_provider(
        self, provider_id: str = "pro_a", status: ProviderStatus = "active", people: tuple[str, ...] = ()
    ) -> str:
        """A provider under this id."""

        def work(transaction: Transaction) -> None:
            provider = Provider(
                id=provider_id,
                created_at_ms=transaction.now_ms,
                updated_at_ms=transaction.now_ms,
                name="Ada Plumbing",
                status=status,
                people=people,
            )
            record_change(transaction, ORIGIN, provider, status=status)

        await self.store.transact(work, "test")
        return provider_id

    async def set_provider(self, provider_id: str, status: ProviderStatus) -> None:
        """Give a provider another status."""

        def work(transaction: Transaction) -> None:
            provider = transaction.get(Provider, provider_id)
            assert provider is not None
            record_change(transaction, ORIGIN, next_of(provider, transaction.now_ms, status=status), status=status)

        await self.store.transact(work, "test")

    async def add_payment(
        self,
        payment_id: str = "pay_1",
        amount_cents: int = 100_000,
        *,
        captured: bool = True,
        provider_id: str = "pro_a",
        basis_points: int = 800,
        score: int = 0,
    ) -> int:
        """A payment; returns what the provider's part of it is, in cents."""
        fee = fee_cents(amount_cents, basis_points)

        def work(transaction: Transaction) -> None:
            payment = Payment(
                id=payment_id,
                created_at_ms=transaction.now_ms,
                updated_at_ms=transaction.now_ms,
                status=PaymentStatus.SUCCEEDED if captured else PaymentStatus.REQUIRES_CAPTURE,
                rail="card",
                amount_cents=amount_cents,
                captured_cents=amount_cents if captured else 0,
                fee_cents=fee if captured else 0,
                unreleased_cents=amount_cents - fee if captured else 0,
                release_mode="escrow",
                method="tok_visa",
                customer_id="cus_1",
                provider_id=provider_id,
                fraud=Fraud(score=score),
                environment="blue",
                release="1.0.0",
                region="us-east-1",
            )
            transaction.change(payment, payment_changed(payment, ""))
            if captured:
                self._post_capture(transaction, payment)

        await self.store.transact(work, "test")
        return amount_cents - fee

    async def capture_payment(self, payment_id: str, basis_points: int = 800) -> None:
        """Capture all of an authorized payment."""

        def work(transaction: Transaction) -> None:
            payment = transaction.get(Payment, payment_id)
            assert payment is not None
            fee = fee_cents(payment.amount_cents, basis_points)
            after = next_of(
                payment,
                transaction.now_ms,
                status=PaymentStatus.SUCCEEDED,
                captured_cents=payment.amount_cents,
                fee_cents=fee,
                unreleased_cents=payment.amount_cents - fee,
            )
            transaction.change(after, payment_changed(after, payment.status))
            self._post_capture(transaction, after)

        await self.store.transact(work, "test")

    async def change_payment(self, payment_id: str, **changes: object) -> None:
        """Change a payment as its own part of the product would."""

        def work(transaction: Transaction) -> None:
            payment = transaction.get(Payment, payment_id)
            assert payment is not None
            after = next_of(payment, transaction.now_ms, **changes)
            transaction.change(after, payment_changed(after, payment.status))

        await self.store.transact(work, "test")

    @staticmethod
    def _post_capture(transaction: Transaction, payment: Payment) -> None:
        journal = recipes.capture(
            f"cap_{payment.id}",
            payment.id,
            payment.provider_id,
            amount_cents=payment.captured_cents,
            fee_cents=payment.fee_cents,
        )
        assert transaction.post(journal) is None

    async def create(self, amount_cents: int = 50_000, payment_id: str = "pay_1", **fields: Any) -> Escrow:  # noqa: ANN401
        """An escrow for pro_a, as stored."""
        body = EscrowRequest(
            provider_id=fields.pop("provider_id", "pro_a"),
            amount=Charge(amount_cents, "USD"),
            payment_id=payment_id,
            **fields,
        )
        return await self.stored(answered(await self.desk.create(self.call(), body), 201)["id"])

    async def stored(self, escrow_id: str) -> Escrow:
        """The escrow as stored."""
        escrow = await self.store.read(Escrow, escrow_id)
        assert escrow is not None
        return escrow

    def after_hold(self) -> None:
        """Move the clock behind the longest hold."""
        self.clock.at_ms += self.options.risky_hold_ms

    async def balance(self, account_id: str) -> int:
        """What is in an account, on its normal side."""
        return (await self.store.account(account_id)).balance_cents(account_of(account_id).normal_side)

    async def check_money(self) -> None:
        """Every invariant of escrows, payments and the ledger between them."""
        rows = [row async for row in every_account(self.store)]
        assert sum(row.balances.debits_posted - row.balances.credits_posted for row in rows) == 0
        for row in rows:
            account = account_of(row.account_id)
            assert account.may_go_negative or row.balances.available_cents(account.normal_side) >= 0
        escrowed: dict[str, int] = {}
        released = 0
        for escrow in await self._all(Escrow):
            assert isinstance(escrow, Escrow)
            assert 0 <= escrow.released_cents + escrow.refunded_cents <= escrow.amount_cents
            assert escrow.held_cents == await self.balance(ESCROW_HELD.of(escrow.id))
            assert sum(source.released_cents for source in escrow.sources) == escrow.released_cents
            assert sum(source.refunded_cents for source in escrow.sources) == escrow.refunded_cents
            released += escrow.released_cents
            for source in escrow.sources:
                held = source.held_cents if escrow.is_funded else 0
                escrowed[source.payment_id] = escrowed.get(source.payment_id, 0) + held
        unreleased: dict[str, int] = {}
        for payment in await self._all(Payment):
            assert isinstance(payment, Payment)
            assert payment.escrowed_cents == escrowed.get(payment.id, 0)
            assert payment.refunded_cents <= payment.captured_cents
            unreleased[payment.provider_id] = unreleased.get(payment.provider_id, 0) + payment.unreleased_cents
        for provider_id, cents in unreleased.items():
            assert await self.balance(CUSTOMER_ESCROW.of(provider_id)) == cents
        paid = [row for row in rows if row.account_id.startswith(PROVIDER_AVAILABLE.name)]
        assert sum(row.balances.balance_cents("credit") for row in paid) == released
        refunds = [refund for refund in await self._all(Refund) if isinstance(refund, Refund)]
        assert await self.balance("refunds_payable") == sum(refund.amount_cents for refund in refunds)

    async def _all(self, record_type: type[Record]) -> list[Record]:
        return await self.store.query(Listing(record_type, limit=1000))


def answered(answer: Answer | StrEnum, status: int = 200) -> Any:  # noqa: ANN401  # decoded JSON
    """The body of a successful answer."""
    assert isinstance(answer, Answer), answer
    assert answer.status == status, answer.body
    return msgspec.json.decode(answer.body)


def two_payees(first: int, second: int) -> tuple[PayeeRequest, ...]:
    """pro_a and pro_b with these weights."""
    return (PayeeRequest("pro_a", first), PayeeRequest("pro_b", second))


DAY_MS = 24 * HOUR_MS
