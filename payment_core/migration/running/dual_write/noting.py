"""Dual write: what changes here is noted for the old processor in the transaction that changes it."""

from typing import TypeVar

from checks.facts import Fact
from payment_core.customers.model import Customer
from payment_core.ledger.journals import Journal, LedgerRefusal
from payment_core.ledger.posting import Balances
from payment_core.methods.model import PaymentMethod
from payment_core.migration.running.model import (
    NO_RETURN_ID,
    NoReturn,
    ObjectKind,
    OldWrite,
    write_id,
)
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Document, Query, Record

MIGRATION_ACTOR = "migration:"
"""How the actor of everything begins that came from the old processor, which need not be told of it."""

KINDS: dict[type[Document], ObjectKind] = {
    PaymentMethod: "payment_method",
    BankAccount: "bank_account",
    Customer: "customer",
    Provider: "account",
}
"""What the old processor has, too."""

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class DualWriting:
    """A LedgerStore whose changes are noted for the old processor, until there is no way back to it.

    The local write never waits for the old processor and never fails because of it: the note stays until it was told.
    """

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def transact(self, work: Work[T], actor: str) -> T:
        """See LedgerStore."""
        if actor.startswith(MIGRATION_ACTOR):
            return await self._store.transact(work, actor)
        return await self._store.transact(lambda transaction: work(_Noting(transaction)), actor)

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """See LedgerStore."""
        return await self._store.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        """See LedgerStore."""
        return await self._store.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """See LedgerStore."""
        return await self._store.account(account_id, currency)


class _Noting:
    """A transaction that notes the documents that the old processor has."""

    __slots__ = ("_transaction",)

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    def now_ms(self) -> int:
        """See Transaction."""
        return self._transaction.now_ms

    def get(self, record_type: type[R], record_id: str) -> R | None:
        """See Transaction."""
        return self._transaction.get(record_type, record_id)

    def put(self, record: Record) -> None:
        """See Transaction."""
        self._transaction.put(record)

    def delete(self, record_type: type[Record], record_id: str) -> None:
        """See Transaction."""
        self._transaction.delete(record_type, record_id)

    def change(self, document: Document, fact: Fact) -> None:
        """See Transaction; notes what the old processor has to be told."""
        self._transaction.change(document, fact)
        kind = KINDS.get(type(document))
        if kind is not None:
            note(self._transaction, kind, document)

    def balances(self, account_id: str, currency: str = "USD") -> Balances:
        """See Transaction."""
        return self._transaction.balances(account_id, currency)

    def post(self, journal: Journal) -> LedgerRefusal | None:
        """See Transaction."""
        return self._transaction.post(journal)


def note(transaction: Transaction, kind: ObjectKind, document: Document) -> None:
    """Note that the old processor has to be told of this version; not past the point of no return."""
    if transaction.get(NoReturn, NO_RETURN_ID) is not None:
        return
    now_ms = transaction.now_ms
    known = transaction.get(OldWrite, write_id(kind, document.id))
    transaction.put(
        OldWrite(
            id=write_id(kind, document.id),
            object_kind=kind,
            object_id=document.id,
            version=document.version,
            waiting_since_ms=now_ms if known is None else known.waiting_since_ms,
            # What is under way or failing keeps its turn.
            due_ms=now_ms if known is None else known.due_ms,
            attempts=0 if known is None else known.attempts,
            fault="" if known is None else known.fault,
            call=None if known is None else known.call,
            left=None if known is None else known.left,
            refusals=0 if known is None else known.refusals,
            made="" if known is None else known.made,
            made_version=0 if known is None else known.made_version,
        )
    )
