"""The store in memory: the contract's plainest reading, for tests and simulations."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar, cast

from payment_core.clock import Clock
from payment_core.ledger.journals import Journal
from payment_core.ledger.posting import Balances
from payment_core.store.port import AccountKey, AccountRow, DocumentPage, OutboxRow, PostedJournal, Work
from payment_core.store.records import Due, Query, Record, kind_of
from payment_core.store.stage import Key, Registry, Stage
from payment_core.store.totals import Totals, TotalsFold
from payment_core.store.trail import AuditRow
from payment_core.store.writing import Head, write_out

R = TypeVar("R", bound=Record)
T = TypeVar("T")

ADDED_AT_ONCE = 1000
"""Accounts that are summed up before other tasks have their turn: about a millisecond."""


class MemoryStore:
    """Keeps stored bytes, as the others do, so that what is read is what was written. Nothing survives the process."""

    def __init__(self, *, registry: Registry, producer: str, clock: Clock) -> None:
        self._registry = registry
        self._producer = producer
        self._clock = clock
        self._bodies: dict[Key, bytes] = {}
        self._accounts: dict[Key, Balances] = {}
        self._journals: list[PostedJournal] = []
        self._journal_by_id: dict[str, Journal] = {}
        self._audit: list[AuditRow] = []
        self._outbox: list[tuple[str, int, bytes]] = []
        self._unsent: set[int] = set()
        self._head = Head()

    async def transact(self, work: Work[T], actor: str) -> T:
        """Run the work and apply its changes; before and after both another task may run."""
        await asyncio.sleep(0)
        stage = Stage(self, self._clock.now_ms())
        answer = work(stage)
        self._apply(stage, actor)
        await asyncio.sleep(0)
        return answer

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """The committed record."""
        await asyncio.sleep(0)
        return cast("R | None", self.load(record_type, record_id))

    async def query(self, query: Query[R]) -> list[R]:
        """Committed records of one kind."""
        await asyncio.sleep(0)
        kind = kind_of(query.record_type)
        stored = [body for (its_kind, _), body in self._bodies.items() if its_kind == kind]
        found = cast("list[R]", [self._registry.decode(kind, body) for body in stored])
        if isinstance(query, Due):
            due = [record for record in found if 0 < record.due_at_ms <= query.at_ms]
            return sorted(due, key=lambda record: (record.due_at_ms, record.id))[: query.limit]
        descending = query.order == "descending"
        listed = [
            record
            for record in found
            if query.owner in {"", record.owner}
            and (query.after == "" or (record.id < query.after if descending else record.id > query.after))
        ]
        return sorted(listed, key=lambda record: record.id, reverse=descending)[: query.limit]

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's committed totals."""
        await asyncio.sleep(0)
        return self.load_balances(account_id, currency).copy()

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting."""
        await asyncio.sleep(0)
        return self._journals[after : after + limit]

    async def accounts(self, after: AccountKey, limit: int) -> list[AccountRow]:
        """Accounts by id and currency."""
        await asyncio.sleep(0)
        found = sorted(key for key in self._accounts if key > after)[:limit]
        return [AccountRow(*key, self._accounts[key].copy()) for key in found]

    async def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        """Those of these accounts that there are."""
        await asyncio.sleep(0)
        return [AccountRow(*key, self._accounts[key].copy()) for key in keys if key in self._accounts]

    async def totals(self) -> Totals:
        """All accounts together; a commit puts new totals in place of the old ones, so that these stay as they are."""
        fold = TotalsFold()
        for position, (key, balances) in enumerate(list(self._accounts.items())):
            fold.add(*key, balances)
            if position % ADDED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return fold.totals(at_one_moment=True)

    async def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of the one shard there is."""
        await asyncio.sleep(0)
        return self._audit[after : after + limit] if shard == 0 else []

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        """The head of the one shard there is."""
        await asyncio.sleep(0)
        return [(0, self._head.sequence, self._head.sha256)] if self._audit else []

    async def journals_of(self, shard: int, after: int, limit: int) -> list[PostedJournal]:
        """All journals are of the one shard there is."""
        return await self.journals(after, limit) if shard == 0 else []

    async def event_times(self, rows: Sequence[AuditRow], changes_before: int) -> list[int]:
        """When the events of these changes were written; events are numbered as changes are."""
        await asyncio.sleep(0)
        return [at_ms for _, at_ms, _ in self._outbox[changes_before : changes_before + len(rows)]]

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Records of a kind, in the order of their ids."""
        await asyncio.sleep(0)
        found = sorted(key for key in self._bodies if key[0] == kind and key[1] > after)[:limit]
        return DocumentPage([(key[1], self._bodies[key]) for key in found], {0: self._head.sequence})

    async def unsent(self, producer: str, limit: int) -> list[OutboxRow]:
        """The oldest events of this producer that no queue has taken."""
        await asyncio.sleep(0)
        mine = [position for position in sorted(self._unsent) if self._outbox[position][0] == producer]
        return [self._row(position) for position in mine[:limit]]

    async def orphans(self, before_ms: int, limit: int) -> list[OutboxRow]:
        """Events that were left unsent since before this time."""
        await asyncio.sleep(0)
        old = [position for position in sorted(self._unsent) if self._outbox[position][1] < before_ms]
        return [self._row(position) for position in old[:limit]]

    async def mark_sent(self, places: list[str]) -> None:
        """Remember that the queue took these events."""
        await asyncio.sleep(0)
        self._unsent.difference_update(int(place) - 1 for place in places)

    async def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events from the one that follows."""
        await asyncio.sleep(0)
        start = 0 if after == "" else int(after)
        return [self._row(position) for position in range(start, min(len(self._outbox), start + limit))]

    def load(self, record_type: type[Record], record_id: str) -> Record | None:
        """The record as committed."""
        kind = kind_of(record_type)
        body = self._bodies.get((kind, record_id))
        return None if body is None else self._registry.decode(kind, body)

    def load_balances(self, account_id: str, currency: str) -> Balances:
        """The totals as committed."""
        return self._accounts.get((account_id, currency), Balances())

    def load_journal(self, journal_id: str) -> Journal | None:
        """The journal as committed."""
        return self._journal_by_id.get(journal_id)

    def _apply(self, stage: Stage, actor: str) -> None:
        """Write everything the stage gathered; only encoding can fail, and it comes first."""
        written = write_out(stage, self._registry, actor, shard=0, head=self._head, next_event=len(self._outbox) + 1)
        self._audit.extend(written.audit)
        self._head = written.head
        for body in written.events:
            self._unsent.add(len(self._outbox))
            self._outbox.append((self._producer, stage.now_ms, body))
        for journal in stage.journals:
            self._journals.append(PostedJournal(len(self._journals) + 1, stage.now_ms, journal))
            self._journal_by_id[journal.id] = journal
        self._accounts.update(stage.accounts)
        for key, stored in written.bodies.items():
            if stored == b"":
                self._bodies.pop(key, None)
            else:
                self._bodies[key] = stored

    def _row(self, position: int) -> OutboxRow:
        return OutboxRow(str(position + 1), self._outbox[position][2])
