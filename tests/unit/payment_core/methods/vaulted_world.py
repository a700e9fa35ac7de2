"""Cards, bank accounts and providers over one store in memory, with the real vault and a clock that tests move."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from payment_core.ach.codes.changes import Correction
from payment_core.ach.files.model import AchEntry
from payment_core.ach.files.moving import EntryMover
from payment_core.answers import Answer
from payment_core.assembly.vaulting import TENANT
from payment_core.fraud.screening import Screened, ScreeningAnswer
from payment_core.ledger.posting import Hold
from payment_core.methods.desk import MethodDesk
from payment_core.methods.encryption_health import EncryptionHealthReport
from payment_core.methods.model import RECORDS
from payment_core.methods.requests import CardRequest
from payment_core.methods.resolving import VaultedMethods
from payment_core.methods.revealing import AccountReveal, Revealing
from payment_core.methods.unlinked import UnlinkedTokens
from payment_core.methods.vault_accesses import StoredVaultAccesses
from payment_core.methods.vault_keys import StoredDataKeys
from payment_core.methods.vault_records import StoredVaultRecords
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, request_hash
from payment_core.origin import Origin
from payment_core.providers import model as providers
from payment_core.providers.account_books import AccountBooks
from payment_core.providers.account_options import AccountOptions
from payment_core.providers.accounts import BankAccountDesk
from payment_core.providers.cases import CaseDesk
from payment_core.providers.corrections import PreparedCorrection, prepare_correction
from payment_core.providers.desk import ProviderDesk
from payment_core.providers.jobs import AccountVerification
from payment_core.providers.model import BankAccount
from payment_core.providers.requests import BankAccountRequest, ProviderRequest
from payment_core.providers.verifying import Verifying
from payment_core.store.memory import MemoryStore
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing, Record
from payment_core.store.stage import Registry
from payment_core.vault.access import DEFAULT_GRANTS, Grant
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import CacheLimits, DataKeyCache
from payment_core.vault.keys.port import KeyState
from payment_core.vault.keys.watch import KeyWatch
from payment_core.vault.memory import MemoryKeyService
from payment_core.vault.vault import Vault

NOW_MS = 1_795_690_800_000
"""Thursday, 26 November 2026, 06:00 in New York: Thanksgiving."""
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
PAN = "4929567812345674"
ACCOUNT = "000987654321012"
ROUTING = "021000021"
ALL_RECORDS: tuple[type[Record], ...] = (*RECORDS, *providers.RECORDS, AchEntry, KeyRecord, Hold)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return self.at_ms


class Screen:
    """Knows what it is told about a name."""

    def __init__(self) -> None:
        self.answers: dict[str, ScreeningAnswer] = {}

    def screen(self, name: str) -> Screened:
        answer = self.answers.get(name, ScreeningAnswer.NO_MATCH)
        return Screened(answer, 0 if answer is ScreeningAnswer.NO_MATCH else 95)


class VaultedWorld:
    """One process. store: what its parts use instead of the store in memory."""

    def __init__(self, grants: Mapping[str, Grant] = DEFAULT_GRANTS, store: LedgerStore | None = None) -> None:
        self.clock = FakeClock()
        self.memory = MemoryStore(registry=Registry(ALL_RECORDS), producer="blue", clock=self.clock)
        self.use(self.memory if store is None else store, grants)

    def use(self, store: LedgerStore, grants: Mapping[str, Grant] = DEFAULT_GRANTS) -> None:
        """Compose the process over this store."""
        self.store = store
        self.master = MemoryKeyService()
        self.watch = KeyWatch(self.master, self.clock, lambda *_: None)
        self.rows = StoredDataKeys(store)
        self.records = StoredVaultRecords(store)
        self.cache = DataKeyCache(
            tenant=TENANT, service=self.watch, rows=self.rows, clock=self.clock, limits=CacheLimits()
        )
        self.watch.clears(self.cache)
        self.fingerprints = Fingerprints(
            tenant=TENANT, service=self.watch, rows=self.rows, cache=self.cache, clock=self.clock
        )
        self.vault = Vault(
            tenant=TENANT,
            cache=self.cache,
            fingerprints=self.fingerprints,
            records=self.records,
            rows=self.rows,
            audit=StoredVaultAccesses(store, ORIGIN),
            clock=self.clock,
            grants=grants,
        )
        self.health = EncryptionHealthReport(store, ORIGIN)
        self.revealing = Revealing(self.vault)
        self.numbers = AccountReveal(self.revealing)
        self.unlinked = UnlinkedTokens(store)
        self.resolving = VaultedMethods(store, self.clock)
        self.methods = MethodDesk(
            store=store,
            vault=self.vault,
            fingerprints=self.fingerprints,
            health=self.health,
            origin=ORIGIN,
            clock=self.clock,
        )
        options = AccountOptions()
        self.verifying = Verifying(ORIGIN, options, b"k" * 32)
        self.books = AccountBooks(ORIGIN, options, self.verifying)
        self.accounts = BankAccountDesk(
            store=store,
            vault=self.vault,
            fingerprints=self.fingerprints,
            health=self.health,
            books=self.books,
            verifying=self.verifying,
            origin=ORIGIN,
            options=options,
        )
        self.verification = AccountVerification(store, self.verifying)
        self.screen = Screen()
        self.providers = ProviderDesk(store, self.screen, ORIGIN)
        self.cases = CaseDesk(store, ORIGIN)
        handler = self.books.bank_account_entry_changed
        self.mover = EntryMover(ORIGIN, {"micro": handler, "prenote": handler})
        self._keys = 0

    def call(self, actor: str = "key:ops", key: str = "", **path: str) -> Call:
        """A call with a key of its own unless one is given."""
        self._keys += 1
        return Call(
            actor=actor,
            instance="/v1/here",
            key=f"k{self._keys}" if key == "" else key,
            request_hash=request_hash(f"{sorted(path.items())}", None),
            path=path,
            query={"limit": 25, "after": "", "customer_id": "", "holder_id": "", "subject_id": ""},
        )

    async def turn_off_key(self, state: KeyState = KeyState.DISABLED) -> None:
        """As an operator would in KMS; the watch sees it."""
        self.master.set_state(state)
        await self.watch.state()

    async def all(self, record_type: type[Record]) -> list[Any]:
        """Every stored record of a type."""
        return list(await self.memory.query(Listing(record_type, limit=1_000)))

    async def facts(self) -> list[dict[str, Any]]:
        """Every event in the outbox."""
        return [msgspec.json.decode(row.body) for row in await self.memory.events("", 10_000)]

    async def add_provider(self, name: str = "Ada Plumbing") -> str:
        """A provider's id."""
        answer = await self.providers.create(self.call(), ProviderRequest(name=name))
        return str(answered(answer, 201)["id"])

    async def add_account(self, holder_id: str = "cus_1", **fields: Any) -> BankAccount:  # noqa: ANN401
        """A customer's account, as stored."""
        answer = await self.accounts.create(self.call(), account_request(holder_id=holder_id, **fields))
        return await self.account(answered(answer, 201)["id"])

    async def account(self, account_id: str) -> BankAccount:
        """The account as stored."""
        account = await self.memory.read(BankAccount, account_id)
        assert account is not None
        return account

    async def correct(self, account_id: str, code: str, correction: Correction) -> bool:
        """Apply a notification of change, as the job of returns does; whether it changed anything."""
        account = await self.store.read(BankAccount, account_id)
        if account is None:
            return False
        prepared = await prepare_correction(
            account=account, change_code=code, correction=correction, vault=self.vault, numbers=self.numbers
        )
        if not isinstance(prepared, PreparedCorrection):
            return False

        def work(transaction: Transaction) -> bool:
            return self.books.correct_bank_account(transaction, account_id, prepared) is not None

        return await self.store.transact(work, "sweep:ach_returns")

    async def entries(self, account_id: str) -> list[AchEntry]:
        """The entries to an account, oldest first."""
        return [entry for entry in await self.all(AchEntry) if entry.bank_account_id == account_id]

    async def settle(self, account_id: str) -> None:
        """Take every queued entry of the account through its file to settlement."""
        for entry in await self.entries(account_id):
            if entry.status == "queued":
                await self.move(entry.id, "claimed", "built", "submitted")
                await self.move(entry.id, "settled", settled_at_ms=self.clock.now_ms())

    async def move(self, entry_id: str, *statuses: Any, **changes: Any) -> None:  # noqa: ANN401
        """Take an entry through these states."""

        def work(transaction: Transaction) -> None:
            for status in statuses:
                entry = transaction.get(AchEntry, entry_id)
                assert entry is not None
                self.mover.move(transaction, entry, status, **changes)

        await self.memory.transact(work, "test")


def answered(answer: Answer | StrEnum, status: int = 200) -> Any:  # noqa: ANN401  # decoded JSON
    """The body of an answer with this status."""
    assert isinstance(answer, Answer), answer
    assert answer.status == status, answer.body
    return msgspec.json.decode(answer.body)


def card_request(**changes: Any) -> CardRequest:  # noqa: ANN401
    """A good card."""
    fields = {"customer_id": "cus_1", "pan": PAN, "exp_month": 12, "exp_year": 2028, "cvc": "123"}
    return CardRequest(**{**fields, **changes})


def account_request(**changes: Any) -> BankAccountRequest:  # noqa: ANN401
    """A good account of a customer."""
    fields = {
        "holder_kind": "customer",
        "holder_id": "cus_1",
        "holder_name": "Ada Lovelace",
        "routing_number": ROUTING,
        "account_number": ACCOUNT,
        "account_type": "checking",
        "account_class": "personal",
    }
    return BankAccountRequest(**{**fields, **changes})
