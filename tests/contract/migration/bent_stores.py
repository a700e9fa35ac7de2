"""Stores that fail at a chosen moment, or that do not keep what they are given."""

from collections.abc import Callable
from typing import TypeVar, cast

from checks.facts import Fact
from payment_core.errors import StoreClosed
from payment_core.ledger.journals import Journal, LedgerRefusal
from payment_core.ledger.posting import Balances
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Document, Query, Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class FailingStore:
    """Fails at its n-th transaction: before it, so that nothing was written, or after it, so that nobody knows."""

    def __init__(self, store: LedgerStore, fails_at: int, *, after: bool) -> None:
        self._store = store
        self._left = fails_at
        self._after = after
        self.failed = False

    async def transact(self, work: Work[T], actor: str) -> T:
        """Pass on, until it fails; then there is no store any more."""
        if self.failed:
            raise StoreClosed
        self._left -= 1
        if self._left > 0:
            return await self._store.transact(work, actor)
        self.failed = True
        if self._after:
            await self._store.transact(work, actor)
        raise StoreClosed

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """Pass on."""
        return await self._store.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        """Pass on."""
        return await self._store.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """Pass on."""
        return await self._store.account(account_id, currency)


Bend = Callable[[Record], Record]


class BentStore:
    """Keeps another record than it was given where ``bend`` says so."""

    def __init__(self, store: LedgerStore, bend: Bend) -> None:
        self._store = store
        self._bend = bend

    async def transact(self, work: Work[T], actor: str) -> T:
        """Pass on, with what is put bent."""
        return await self._store.transact(
            lambda transaction: work(cast("Transaction", _Bent(transaction, self._bend))), actor
        )

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """Pass on."""
        return await self._store.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        """Pass on."""
        return await self._store.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """Pass on."""
        return await self._store.account(account_id, currency)


class _Bent:
    def __init__(self, transaction: Transaction, bend: Bend) -> None:
        self._transaction = transaction
        self._bend = bend

    @property
    def now_ms(self) -> int:
        return self._transaction.now_ms

    def get(self, record_type: type[R], record_id: str) -> R | None:
        return self._transaction.get(record_type, record_id)

    def put(self, record: Record) -> None:
        self._transaction.put(self._bend(record))

    def delete(self, record_type: type[Record], record_id: str) -> None:
        self._transaction.delete(record_type, record_id)

    def change(self, document: Document, fact: Fact) -> None:
        self._transaction.change(cast("Document", self._bend(document)), fact)

    def balances(self, account_id: str, currency: str = "USD") -> Balances:
        return self._transaction.balances(account_id, currency)

    def post(self, journal: Journal) -> LedgerRefusal | None:
        return self._transaction.post(cast("Journal", self._bend(cast("Record", journal))))
