"""One transaction while it is worked out: what it read, and what it wants to change; the same in every store."""

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import msgspec

from checks.facts import Fact
from payment_core.errors import VersionSkipped
from payment_core.ledger.journals import Journal, LedgerRefusal
from payment_core.ledger.posting import Balances, Hold, Posting
from payment_core.store.records import Document, Record, kind_of

R = TypeVar("R", bound=Record)
Key = tuple[str, str]
"""Kind and id of a record, or id and currency of an account."""


class Base(Protocol):
    """What lies under a stage: the committed state, or a stage of the same group below it."""

    def load(self, record_type: type[Record], record_id: str) -> Record | None:
        """The record there."""
        ...

    def load_balances(self, account_id: str, currency: str) -> Balances:
        """The account's totals there; never changed by the stage."""
        ...

    def load_journal(self, journal_id: str) -> Journal | None:
        """The journal that was posted there under this id."""
        ...


class Change(msgspec.Struct, frozen=True, gc=False):
    """A document's next version, the stored one before it, and the event that tells of it."""

    before: Document | None
    after: Document
    fact: Fact


class Stage:
    """A transaction over a base. Nothing below is touched; a store applies what is gathered here, or drops it.

    records: by key, None for what was deleted. changes: in order. journals: in order. accounts: totals after them.
    reads: every key that was read below, with what was found. inserts: keys of new documents that nobody looked for
    below, because the store itself refuses to write a second one.
    sharded: whether hot accounts lie in shards. inserts_blindly: whether the store refuses second documents itself.
    """

    def __init__(self, base: Base, now_ms: int, *, sharded: bool = False, inserts_blindly: bool = False) -> None:
        self.records: dict[Key, Record | None] = {}
        self.changes: list[Change] = []
        self.journals: list[Journal] = []
        self.accounts: dict[Key, Balances] = {}
        self.reads: dict[Key, Record | None] = {}
        self._base = base
        self._now_ms = now_ms
        self.inserts: set[Key] = set()
        self._sharded = sharded
        self._inserts_blindly = inserts_blindly

    @property
    def now_ms(self) -> int:
        """The time of everything in this transaction, Unix milliseconds."""
        return self._now_ms

    def get(self, record_type: type[R], record_id: str) -> R | None:
        """The record as this transaction sees it."""
        return cast("R | None", self.load(record_type, record_id))

    def put(self, record: Record) -> None:
        """Write a record without audit row and event."""
        self.records[kind_of(type(record)), record.id] = record

    def delete(self, record_type: type[Record], record_id: str) -> None:
        """Remove a record."""
        self.records[kind_of(record_type), record_id] = None

    def change(self, document: Document, fact: Fact) -> None:
        """Write a document's next version with its event; raises VersionSkipped."""
        key = (kind_of(type(document)), document.id)
        if document.version == 1 and self._inserts_blindly and key not in self.records and key not in self.reads:
            self.inserts.add(key)
            before = None
        else:
            before = cast("Document | None", self.load(type(document), document.id))
            stored = 0 if before is None else before.version
            if document.version != stored + 1:
                raise VersionSkipped(f"{key[0]} {document.id}: {document.version} after {stored}.")
        self.records[key] = document
        self.changes.append(Change(before, document, fact))

    def balances(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's totals as this transaction sees them."""
        return self.load_balances(account_id, currency)

    def post(self, journal: Journal) -> LedgerRefusal | None:
        """Post the journal to the totals of this stage, or say why not."""
        known = self.load_journal(journal.id)
        if known is not None:
            same = known == journal
            return LedgerRefusal.JOURNAL_EXISTS if same else LedgerRefusal.JOURNAL_EXISTS_WITH_OTHER_MOVES
        posting = Posting(journal, self._now_ms, self.load_balances, self._load_hold, sharded=self._sharded)
        refusal = posting.run()
        if refusal is not None:
            return refusal
        self.accounts.update(posting.balances)
        for hold in posting.holds.values():
            self.put(hold)
        self.journals.append(journal)
        return None

    def load(self, record_type: type[Record], record_id: str) -> Record | None:
        """The record here, or below."""
        key = (kind_of(record_type), record_id)
        if key in self.records:
            return self.records[key]
        if key not in self.reads:
            self.reads[key] = self._base.load(record_type, record_id)
        return self.reads[key]

    def load_balances(self, account_id: str, currency: str) -> Balances:
        """The account's totals here, or below."""
        known = self.accounts.get((account_id, currency))
        return self._base.load_balances(account_id, currency) if known is None else known

    def load_journal(self, journal_id: str) -> Journal | None:
        """The journal posted here, or below."""
        for journal in self.journals:
            if journal.id == journal_id:
                return journal
        return self._base.load_journal(journal_id)

    def _load_hold(self, hold_id: str) -> Hold | None:
        return self.get(Hold, hold_id)


Decoder = Callable[[bytes], Record]


class Registry:
    """The record types that a store can hold, by kind, each with the decoder of its stored bytes."""

    def __init__(self, record_types: tuple[type[Record], ...]) -> None:
        self.types = {kind_of(record_type): record_type for record_type in record_types}
        self._decoders = {kind: msgspec.msgpack.Decoder(record_type).decode for kind, record_type in self.types.items()}
        self._encode = msgspec.msgpack.Encoder().encode

    def decode(self, kind: str, body: bytes) -> Record:
        """The record of stored bytes."""
        return self._decoders[kind](body)

    def encode(self, record: Record) -> bytes:
        """The bytes that are stored: MessagePack, canonical: fields in their declared order, defaults left out."""
        return self._encode(record)
