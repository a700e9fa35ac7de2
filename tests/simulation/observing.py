"""A store that notes every committed change of a document, below where a process can die."""

from typing import TypeVar

import msgspec

from checks.facts import Fact
from payment_core.ledger.journals import Journal, LedgerRefusal
from payment_core.ledger.posting import Balances
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Document, Query, Record, kind_of

T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Change(msgspec.Struct, frozen=True):
    """One version of a document. before, after: its status, empty for a new one and for one without. version: new."""

    kind: str
    id: str
    before: str
    after: str
    previous_version: int
    version: int
    actor: str


class _Noting:
    """A transaction that notes what is changed in it."""

    def __init__(self, transaction: Transaction, actor: str) -> None:
        self._transaction = transaction
        self._actor = actor
        self.changes: list[Change] = []
        self.deleted: list[tuple[str, str]] = []
        self.posted = 0

    @property
    def now_ms(self) -> int:
        return self._transaction.now_ms

    def get(self, record_type: type[R], record_id: str) -> R | None:
        return self._transaction.get(record_type, record_id)

    def put(self, record: Record) -> None:
        self._transaction.put(record)

    def delete(self, record_type: type[Record], record_id: str) -> None:
        self._transaction.delete(record_type, record_id)
        self.deleted.append((kind_of(record_type), record_id))

    def change(self, document: Document, fact: Fact) -> None:
        # A new one is not looked for: works make up ids, and other ones each time that they are run.
        before = None if document.version == 1 else self._transaction.get(type(document), document.id)
        self._transaction.change(document, fact)
        self.changes.append(
            Change(
                kind_of(type(document)),
                document.id,
                "" if before is None else str(getattr(before, "status", "")),
                str(getattr(document, "status", "")),
                0 if before is None else before.version,
                document.version,
                self._actor,
            )
        )

    def balances(self, account_id: str, currency: str = "USD") -> Balances:
        return self._transaction.balances(account_id, currency)

    def post(self, journal: Journal) -> LedgerRefusal | None:
        refusal = self._transaction.post(journal)
        self.posted += refusal is None
        return refusal


class ObservingStore:
    """changes: those that nobody has looked at yet. changed, posted: changes and journals in all.

    deleted: kind and id of every record that was removed.
    """

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self.changes: list[Change] = []
        self.deleted: list[tuple[str, str]] = []
        self.changed = 0
        self.posted = 0

    async def transact(self, work: Work[T], actor: str) -> T:
        seen: list[_Noting] = []

        def noting(transaction: Transaction) -> T:
            noted = _Noting(transaction, actor)
            seen[:] = [noted]
            return work(noted)

        answer = await self._store.transact(noting, actor)
        self.posted += seen[0].posted
        self.changed += len(seen[0].changes)
        self.changes += seen[0].changes
        self.deleted += seen[0].deleted
        return answer

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        return await self._store.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        return await self._store.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        return await self._store.account(account_id, currency)
