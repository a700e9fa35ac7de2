"""Payouts and ACH files over a store in memory, with fakes for the vault, the bank and the score."""

import hashlib
from collections.abc import Callable
from datetime import date, time
from typing import TypeVar, cast

from checks.facts import PayoutRequested
from checks.scoring.model import Decision, Score
from config.ach import Ach
from config.load import DEFAULTS
from config.loading.loader import load_yaml
from config.prices import Prices
from payment_core.ach.calendar import instant_ms
from payment_core.ach.codes.changes import Correction
from payment_core.ach.delivery.memory import MemoryDelivery
from payment_core.ach.delivery.port import Delivery, Inbound, Presence
from payment_core.ach.files.incoming.model import RETURN_RECORDS, AchCase, ReturnFile, ReturnItem
from payment_core.ach.files.model import FILE_RECORDS, AchEntry, AchFile
from payment_core.ach.files.ports import AccountNumbers, FileCipher
from payment_core.assembly.payouts import Payouts, Surroundings, compose
from payment_core.costs.notes import CostNote, Spending
from payment_core.errors import CoreError
from payment_core.fraud.scorer import FraudDecision
from payment_core.ledger.accounts import BANK, PAYOUT_IN_FLIGHT, PROVIDER_AVAILABLE, RAIL_CLEARING
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.posting import Hold as LedgerHold
from payment_core.operations.call import Call
from payment_core.operations.documents import record_change
from payment_core.operations.once import KeyRecord
from payment_core.origin import Origin
from payment_core.payouts.model import RECORDS, Payout
from payment_core.providers.account_books import AccountBooks
from payment_core.providers.account_options import AccountOptions
from payment_core.providers.model import RECORDS as PROVIDER_RECORDS
from payment_core.providers.model import BankAccount, Provider
from payment_core.providers.verifying import Verifying
from payment_core.store.memory import MemoryStore
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Document, Listing, Query, Record
from payment_core.store.stage import Registry
from payment_core.vault.numbers.sensitive import AccountNumber
from tests.unit.payment_core.flags.chosen import ChosenFlags

R = TypeVar("R", bound=Record)
T = TypeVar("T")

ORIGIN = Origin("blue", "1.0.0", "us-east-1")
PRICES = load_yaml(DEFAULTS / "prices.yaml", Prices).value
ROUTING = "121042882"
SCORE = Score(
    fact_id="", kind="", subject="", at_ms=0, now_ms=0, value=0, band=Decision.APPROVE, decision=Decision.APPROVE
)
DAY_MS = 24 * 3_600_000
HOUR_MS = 3_600_000
EVERY_RECORD: tuple[type[Record], ...] = (
    *FILE_RECORDS,
    CostNote,
    *RETURN_RECORDS,
    *RECORDS,
    *PROVIDER_RECORDS,
    LedgerHold,
    KeyRecord,
)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, now_ms: int) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Burns through at the k-th touch; 0 never does."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.touched = 0

    def touch(self) -> None:
        self.touched += 1
        if self.touched == self.at:
            raise Crash


class FragileStore:
    """The process may die before and after everything that it asks of its store."""

    def __init__(self, inner: MemoryStore, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def transact(self, work: Work[T], actor: str) -> T:
        self._fuse.touch()
        answer = await self._inner.transact(work, actor)
        self._fuse.touch()
        return answer

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        self._fuse.touch()
        return await self._inner.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        self._fuse.touch()
        return await self._inner.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> object:
        self._fuse.touch()
        return await self._inner.account(account_id, currency)


class FragileDelivery:
    """The process may die before and after everything that it asks of the bank."""

    def __init__(self, inner: Delivery, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        self._fuse.touch()
        await self._inner.put(name, content, sha256)
        self._fuse.touch()

    async def find(self, name: str, sha256: str) -> Presence:
        self._fuse.touch()
        return await self._inner.find(name, sha256)

    async def inbound(self) -> list[Inbound]:
        self._fuse.touch()
        return await self._inner.inbound()

    async def fetch(self, name: str) -> bytes:
        self._fuse.touch()
        return await self._inner.fetch(name)


class NumberGone(CoreError):
    """The number was shredded."""


class VaultDown(CoreError):
    """The vault does not answer."""

    @property
    def retryable(self) -> bool:
        return True


class FakeNumbers:
    """Account numbers by token. gone: tokens that were shredded. down: whether the vault is out."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.down = False
        self.reasons: list[str] = []

    async def reveal(self, token: str, reason: str, actor: str) -> AccountNumber:
        self.reasons.append(f"{actor}: {reason}")
        if self.down:
            raise VaultDown
        if token in self.gone:
            raise NumberGone
        return AccountNumber(number_of(token))


class FakeCipher:
    """Turns bytes over and binds them to what they are for."""

    async def seal(self, purpose: str, subject_id: str, plain: bytes) -> bytes:
        return self._binding(purpose, subject_id) + bytes(byte ^ 0x5A for byte in plain)

    async def open(self, purpose: str, subject_id: str, sealed: bytes) -> bytes:
        binding = self._binding(purpose, subject_id)
        if not sealed.startswith(binding):
            raise CoreError("sealed for something else")
        return bytes(byte ^ 0x5A for byte in sealed[len(binding) :])

    @staticmethod
    def _binding(purpose: str, subject_id: str) -> bytes:
        return hashlib.sha256(f"{purpose}:{subject_id}".encode()).digest()


class FakeRisk:
    """Decides as it is told, and remembers what it was asked. broken: it can say nothing, so a person has to."""

    def __init__(self) -> None:
        self.decision = Decision.APPROVE
        self.broken = False
        self.asked: list[PayoutRequested] = []

    def score(self, fact: PayoutRequested, now_ms: int, name: str | None = None) -> FraudDecision:
        del now_ms, name
        self.asked.append(fact)
        if self.broken:
            return FraudDecision(decision=Decision.REVIEW, reasons=("fraud_score_unavailable",))
        return FraudDecision(decision=self.decision, reasons=("test",), score=SCORE)


class FakeDisputes:
    """Open disputes by provider."""

    def __init__(self) -> None:
        self.cents: dict[str, int] = {}

    async def unsecured_cents(self, provider_id: str) -> int:
        return self.cents.get(provider_id, 0)


def number_of(token: str) -> str:
    """The account number that the fake vault has for a token."""
    return str(int(hashlib.sha256(token.encode()).hexdigest()[:10], 16) % 10**10).rjust(10, "7")


def terms(**changes: object) -> Ach:
    """The packaged settings, with files built whenever something waits, and changes by dotted path."""
    tree = load_yaml(DEFAULTS / "ach.yaml", Ach).value.model_dump()
    tree["hours"]["build_ahead_minutes"] = 10_080
    for path, value in changes.items():
        part, _, name = path.partition("__")
        if name:
            tree[part][name] = value
        else:
            tree[part] = value
    return Ach.model_validate(tree)


class PayoutWorld:
    """One system; ``restart`` is what a new process finds."""

    def __init__(self, now_ms: int, ach: Ach | None = None) -> None:
        self.clock = HandClock(now_ms)
        self.ach = terms() if ach is None else ach
        self.memory = MemoryStore(registry=Registry(EVERY_RECORD), producer="blue", clock=self.clock)
        self.bank = MemoryDelivery()
        self.numbers = FakeNumbers()
        self.risk = FakeRisk()
        self.disputes = FakeDisputes()
        self.changed: list[AchEntry] = []
        self.represent: Callable[[Transaction, AchEntry, str], bool] = lambda _transaction, _entry, _again: True
        self.corrections: list[tuple[str, str, Correction]] = []
        self.fuse = Fuse()
        self.flags = ChosenFlags()
        self.system = self.restart()

    def restart(self, fuse: Fuse | None = None) -> Payouts:
        """The same state under new objects."""
        self.fuse = Fuse() if fuse is None else fuse
        options = AccountOptions()
        books = AccountBooks(ORIGIN, options, Verifying(ORIGIN, options, b"k" * 32))
        self.system = compose(
            Surroundings(
                store=cast("LedgerStore", FragileStore(self.memory, self.fuse)),
                origin=ORIGIN,
                clock=self.clock,
                ach=self.ach,
                numbers=cast("AccountNumbers", self.numbers),
                cipher=cast("FileCipher", FakeCipher()),
                delivery=FragileDelivery(self.bank, self.fuse),
                risk=self.risk,
                disputes=self.disputes,
                spending=Spending(PRICES, ORIGIN),
                payment=lambda _transaction, entry: self.changed.append(entry),
                refund=lambda _transaction, entry: self.changed.append(entry),
                bank_account=books.bank_account_entry_changed,
                disable=books.disable_bank_account,
                represent=self._represent,
                prepare_correction=self.prepare_correction,
                flags=self.flags,
            )
        )
        return self.system

    def _represent(self, transaction: Transaction, entry: AchEntry, again_id: str) -> bool:
        return self.represent(transaction, entry, again_id)

    async def prepare_correction(
        self, bank_account_id: str, change_code: str, correction: Correction
    ) -> Work[object] | None:
        return lambda _transaction: self.corrections.append((bank_account_id, change_code, correction))

    async def run(self, *names: str) -> int:
        """One run of these jobs, or of all."""
        done = 0
        for name in names if names else tuple(self.system.jobs):
            done += await self.system.jobs[name].run_once(self.clock.ms)
        return done

    async def put(self, *documents: Document) -> None:
        """Store documents as they are."""
        for document in documents:
            await self.memory.transact(
                lambda transaction, document=document: record_change(  # type: ignore[misc]  # a default
                    transaction, ORIGIN, document, status="given"
                ),
                "test",
            )

    async def provider(self, name: str, *, available_cents: int = 0, **changes: object) -> Provider:
        """A provider with a verified bank account that rested long enough, and money. changes: of the account."""
        old_ms = self.clock.ms - 30 * DAY_MS
        fields: dict[str, object] = {
            "id": f"ba_{name}",
            "created_at_ms": old_ms,
            "updated_at_ms": old_ms,
            "holder_id": f"pro_{name}",
            "holder_kind": "provider",
            "holder_name": f"Provider {name}",
            "token": f"bank_{name}",
            "fingerprint": f"fp_{name}",
            "routing_number": ROUTING,
            "last4": "0000",
            "account_type": "checking",
            "account_class": "personal",
            "status": "verified",
            "changed_at_ms": old_ms,
        }
        account = BankAccount(**(fields | changes))  # type: ignore[arg-type]  # a table of fields
        provider = Provider(
            id=f"pro_{name}",
            created_at_ms=old_ms,
            updated_at_ms=old_ms,
            name=f"Provider {name}",
            status="active",
            default_bank_account_id=account.id,
        )
        await self.put(provider, account)
        if available_cents:
            await self.fund(provider.id, available_cents, f"fund:{name}")
        return provider

    async def fund(self, provider_id: str, cents: int, journal_id: str) -> None:
        """Give a provider money that can be paid out."""
        journal = Journal(
            id=journal_id,
            recipe="test.fund",
            reference=provider_id,
            moves=(Move(RAIL_CLEARING.name, PROVIDER_AVAILABLE.of(provider_id), cents),),
        )
        refusal = await self.memory.transact(lambda transaction: transaction.post(journal), "test")
        assert refusal is None

    async def balances(self, provider_id: str) -> tuple[int, int, int]:
        """What the provider can be paid, what is in flight, and what left the bank."""
        available = await self.memory.account(PROVIDER_AVAILABLE.of(provider_id))
        flight = await self.memory.account(PAYOUT_IN_FLIGHT.name)
        bank = await self.memory.account(BANK.name)
        return (
            available.available_cents("credit"),
            flight.balance_cents("credit"),
            -bank.balance_cents("debit"),
        )

    async def all(self, record_type: type[R], owner: str = "") -> list[R]:
        """Every record of a type."""
        return await self.memory.query(Listing(record_type, owner=owner, limit=100_000))

    async def payouts(self) -> list[Payout]:
        return await self.all(Payout)

    async def entries(self) -> list[AchEntry]:
        return await self.all(AchEntry)

    async def files(self) -> list[AchFile]:
        return await self.all(AchFile)

    async def cases(self) -> list[AchCase]:
        return await self.all(AchCase)

    async def return_files(self) -> list[ReturnFile]:
        return await self.all(ReturnFile)

    async def return_items(self) -> list[ReturnItem]:
        return await self.all(ReturnItem)

    def call(self, key: str, actor: str = "key:alice", **path: str) -> Call:
        """A request with this idempotency key."""
        digest = hashlib.sha256(key.encode()).digest()
        return Call(actor=actor, instance="/v1/test", key=key, request_hash=digest, path=path)


def eastern_ms(text: str) -> int:
    """Unix milliseconds of a wall clock time in New York, ``2026-11-24 09:00``."""
    day, clock = text.split()
    return instant_ms(date.fromisoformat(day), time.fromisoformat(clock))


TUESDAY_MORNING = eastern_ms("2026-11-24 09:00")
"""A banking day two days before Thanksgiving, before every cut-off."""
