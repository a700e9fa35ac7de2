"""What the payment core asks of its store: transactions over documents, ledger, audit trail and outbox together."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from checks.facts import Fact
from payment_core.ledger.journals import Journal, LedgerRefusal
from payment_core.ledger.posting import Balances
from payment_core.store.records import Document, Query, Record
from payment_core.store.totals import Totals
from payment_core.store.trail import AuditRow

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Transaction(Protocol):
    """What a unit of work sees and changes; everything it changed takes effect together, or nothing does."""

    @property
    def now_ms(self) -> int:
        """The time of everything in this transaction, Unix milliseconds."""
        ...

    def get(self, record_type: type[R], record_id: str) -> R | None:
        """The record as this transaction sees it, its own changes included."""
        ...

    def put(self, record: Record) -> None:
        """Write a record that has no life of its own: no audit row, no event."""
        ...

    def delete(self, record_type: type[Record], record_id: str) -> None:
        """Remove a record that has no life of its own."""
        ...

    def change(self, document: Document, fact: Fact) -> None:
        """Write a document's next version, with its audit row and the one event that tells of it.

        Raises VersionSkipped unless the version is 1 for a new document and one more than the stored one otherwise.
        """
        ...

    def balances(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's totals; zeros for one that nothing was posted to. Not to be changed."""
        ...

    def post(self, journal: Journal) -> LedgerRefusal | None:
        """Post the whole journal, or say why nothing of it was posted."""
        ...


Work = Callable[[Transaction], T]
"""A unit of work. It may be run more than once, so it touches nothing but the transaction."""


class LedgerStore(Protocol):
    """The payment store: memory, SQLite and DynamoDB keep the same contract."""

    async def transact(self, work: Work[T], actor: str) -> T:
        """Run the work in a serializable transaction; its answer comes once the changes are durable.

        actor: who asked, as the audit trail names them. Raises what the work raises, and then nothing was changed;
        StoreBusy when conflicts or load did not let it through.
        """
        ...

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """The committed record."""
        ...

    async def query(self, query: Query[R]) -> list[R]:
        """Committed records of one kind, by when they are due or in the order of their ids."""
        ...

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's committed totals, over all its shards."""
        ...


class PostedJournal(msgspec.Struct, frozen=True, gc=False):
    """A journal as it is kept. sequence: its place in the order of posting; in a sharded store only an order."""

    sequence: int
    at_ms: int
    journal: Journal


AccountKey = tuple[str, str]
"""Account id and currency."""

FIRST_ACCOUNT: AccountKey = ("", "")
"""Before every account."""


class AccountRow(msgspec.Struct, frozen=True, gc=False):
    """An account as it is kept, over all its shards."""

    account_id: str
    currency: str
    balances: Balances

    @property
    def key(self) -> AccountKey:
        """Where it stands among all accounts."""
        return self.account_id, self.currency


class DocumentPage(msgspec.Struct, frozen=True, gc=False):
    """Stored records of one kind. bodies: ids and bytes, by id. heads: each chain's last sequence when it was so."""

    bodies: list[tuple[str, bytes]]
    heads: dict[int, int]


class Books(Protocol):
    """Reads everything again, so that it can be proved: what auditors and the rebuild need."""

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting, from the one that follows ``after``."""
        ...

    async def accounts(self, after: AccountKey, limit: int) -> list[AccountRow]:
        """Accounts by id and currency, from the one that follows ``after``; fewer than the limit only at the end."""
        ...

    async def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        """Those of these accounts that there are, in no order. At most some thousand are asked for at once."""
        ...

    async def totals(self) -> Totals:
        """All accounts together by line of the chart, however many there are."""
        ...

    async def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of one shard of the audit trail in order, from the one that follows ``after``."""
        ...

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        """For each shard that has rows: shard, last sequence, hash of its last row."""
        ...


class TrailBooks(Books, Protocol):
    """What lies beside the audit trail, shard by shard, so that both can be walked together."""

    async def journals_of(self, shard: int, after: int, limit: int) -> list[PostedJournal]:
        """Journals whose audit rows lie in this shard, in the order of these rows; ``sequence`` counts in it alone."""
        ...

    async def event_times(self, rows: Sequence[AuditRow], changes_before: int) -> list[int]:
        """When the events of these changes were written, in Unix milliseconds; one that is gone is left out.

        rows: of changes, in the order of one shard, at least one. changes_before: in the same shard.
        """
        ...

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Records of a kind, in the order of their ids, with where the trail ended when they were so."""
        ...


class OutboxRow(msgspec.Struct, frozen=True, gc=False):
    """An event as it is kept. place: what ``after`` and ``mark_sent`` take. body: the fact, encoded."""

    place: str
    body: bytes


class Outbox(Protocol):
    """The events of the store, in the order they were written."""

    async def unsent(self, producer: str, limit: int) -> list[OutboxRow]:
        """The oldest events of this producer that no queue has taken."""
        ...

    async def orphans(self, before_ms: int, limit: int) -> list[OutboxRow]:
        """Events of any producer that were left unsent since before this time: their process died."""
        ...

    async def mark_sent(self, places: list[str]) -> None:
        """Remember that the queue took these events."""
        ...

    async def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events, sent or not, from the one that follows ``after`` (empty: from the first)."""
        ...
