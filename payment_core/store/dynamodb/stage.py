"""A transaction on DynamoDB while it is worked out: what was fetched, and what was assumed without asking."""

from collections.abc import Iterable

import msgspec

from checks.facts import Fact
from payment_core.ledger.accounts import CHART, OWNER_MARK
from payment_core.ledger.journals import Journal, LedgerRefusal, Move, Phase
from payment_core.ledger.posting import Balances, Hold
from payment_core.store.dynamodb.layout import (
    Item,
    Layout,
    TableKey,
    account_key,
    account_keys,
    add_balances,
    balances_of,
    guard_key,
    is_hot,
    record_key,
)
from payment_core.store.records import Document, Record, kind_of
from payment_core.store.stage import Key, Registry, Stage

PLENTY_CENTS = 10**18
"""What an account is taken to hold while nobody asked: whether it is enough is a condition of the commit."""


decode_journal = msgspec.json.Decoder(Journal).decode


class Snapshot:
    """The items that a transaction works on: fetched ones, and guesses that the commit's conditions prove or refute.

    items: fetched, None for what does not exist. doubted: keys whose guess was refuted, so that they are fetched.
    wanted: what the last run looked for and nobody had fetched; it took them to be absent, so its answer is none.
    """

    def __init__(self, layout: Layout, registry: Registry) -> None:
        self.layout = layout
        self.items: dict[TableKey, Item | None] = {}
        self.doubted: set[TableKey] = set()
        self._registry = registry
        self._absent: set[TableKey] = set()
        self.wanted: list[TableKey] = []

    def begin_run(self) -> None:
        """Forget the guesses of the last run: a work that makes up ids makes up others."""
        self._absent.clear()
        self.wanted.clear()

    def require(self, keys: Iterable[TableKey]) -> None:
        """Note those that were not fetched: the run goes on without them, to find out what else it needs."""
        self.wanted += [key for key in keys if key not in self.items and key not in self._absent]

    def assume_absent(self, key: TableKey) -> None:
        """Take it that nothing lies there, unless it was fetched or that turned out wrong before."""
        if key not in self.items and key not in self.doubted:
            self._absent.add(key)

    def refute(self, key: TableKey) -> None:
        """What was known or guessed of this item is no longer true."""
        self.items.pop(key, None)
        self.doubted.add(key)

    def record(self, key: TableKey) -> Item | None:
        """The item, fetched or taken to be absent."""
        self.require([key])
        return self.items.get(key)

    def load(self, record_type: type[Record], record_id: str) -> Record | None:
        """The record as fetched."""
        kind = kind_of(record_type)
        item = self.record(record_key(kind, record_id))
        return None if item is None else self._registry.decode(kind, item["body"]["B"])

    def load_balances(self, account_id: str, currency: str) -> Balances:
        """What postings start from: nothing in a shard of a hot account, plenty where nobody asked yet."""
        if is_hot(account_id):
            return Balances()
        key = account_key(self.layout, account_id, currency, 0)
        if key in self.items:
            return balances_of(self.items[key])
        if key in self.doubted:
            self.require([key])
        return _plenty(account_id)

    def load_journal(self, journal_id: str) -> Journal | None:
        """The journal; taken not to exist until the commit says otherwise."""
        key = guard_key(journal_id)
        if key not in self.doubted:
            return None
        guard = self.record(key)
        if guard is None:
            return None
        item = self.record((guard["ledger_pk"]["S"], guard["ledger_sk"]["S"]))
        return None if item is None else decode_journal(item["body"]["B"])

    def total(self, account_id: str, currency: str) -> Balances:
        """An account's totals over all its shards, as fetched."""
        keys = account_keys(self.layout, account_id, currency)
        self.require(keys)
        total = Balances()
        for key in keys:
            add_balances(total, balances_of(self.items.get(key)))
        return total


class DynamoStage(Stage):
    """Remembers which balances decided something, because those must still be true at the commit."""

    def __init__(self, snapshot: Snapshot, now_ms: int) -> None:
        super().__init__(snapshot, now_ms, sharded=True)
        self.observed: set[Key] = set()
        self._snapshot = snapshot

    @property
    def writes(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.records or self.journals)

    def change(self, document: Document, fact: Fact) -> None:
        """Write a document's next version; a first version is taken not to exist without asking."""
        key = (kind_of(type(document)), document.id)
        if document.version == 1 and key not in self.records:
            self._snapshot.assume_absent(record_key(*key))
        super().change(document, fact)

    def balances(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's totals as this transaction sees them, over all shards."""
        self.observed.add((account_id, currency))
        total = self._snapshot.total(account_id, currency)
        if (account_id, currency) in self.accounts:
            add_balances(total, self.delta((account_id, currency)))
        return total

    def post(self, journal: Journal) -> LedgerRefusal | None:
        """Post; when a balance did not suffice, that balance was observed."""
        for move in journal.moves:
            if move.phase is Phase.PENDING and move.hold_id and (kind_of(Hold), move.hold_id) not in self.records:
                self._snapshot.assume_absent(record_key(kind_of(Hold), move.hold_id))
        self._snapshot.require(self._holds_of(journal.moves))
        refusal = super().post(journal)
        if refusal is LedgerRefusal.EXCEEDS_BALANCE:
            accounts = {account for move in journal.moves for account in (move.debit, move.credit)}
            self.observed.update((account, journal.currency) for account in accounts if not is_hot(account))
            self._snapshot.require(
                account_key(self._snapshot.layout, account, currency, 0) for account, currency in self.observed
            )
        return refusal

    def delta(self, key: Key) -> Balances:
        """By how much this transaction changes an account."""
        after, before = self.accounts[key], self._snapshot.load_balances(*key)
        return Balances(
            after.debits_posted - before.debits_posted,
            after.credits_posted - before.credits_posted,
            after.debits_pending - before.debits_pending,
            after.credits_pending - before.credits_pending,
        )

    def _holds_of(self, moves: tuple[Move, ...]) -> list[TableKey]:
        kind = kind_of(Hold)
        return [
            record_key(kind, move.hold_id)
            for move in moves
            if move.hold_id and (kind, move.hold_id) not in self.records
        ]


def _plenty(account_id: str) -> Balances:
    account = CHART.get(account_id.partition(OWNER_MARK)[0])
    if account is None or account.normal_side == "credit":
        return Balances(credits_posted=PLENTY_CENTS)
    return Balances(debits_posted=PLENTY_CENTS)
