"""A store of each kind, with a clock that tests move, and the little domain that the suite writes."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from checks.facts import ObjectChanged
from payment_core.audit.progress import AuditProgress
from payment_core.aws.dynamodb import DynamoTable
from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.ledger.posting import Hold
from payment_core.operations.once import KeyRecord
from payment_core.store.dynamodb.layout import Layout
from payment_core.store.dynamodb.retry import Patience
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.dynamodb.table import Table
from payment_core.store.memory import MemoryStore
from payment_core.store.port import LedgerStore, Outbox, TrailBooks, Transaction
from payment_core.store.records import Document, Record
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.stage import Registry

NOW_MS = 1_795_690_800_000
_NUMBERS = itertools.count(1)


class HandClock:
    """Wall time stands still until it is moved; the monotonic one goes on by a millisecond when it is looked at."""

    def __init__(self) -> None:
        self.wall_ms = NOW_MS
        self.passed_ms = 0.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        self.passed_ms += 1
        return self.passed_ms


class Order(Document, frozen=True, gc=False, kw_only=True, tag="order"):
    """What the suite changes."""

    amount_cents: int = 0
    note: str = ""
    customer_id: str = ""
    waits_until_ms: int = 0

    @property
    def due_at_ms(self) -> int:
        return self.waits_until_ms

    @property
    def owner(self) -> str:
        return self.customer_id


class Note(Record, frozen=True, gc=False, kw_only=True, tag="note"):
    """A record without a life of its own."""

    text: str = ""


class AnyStore(LedgerStore, TrailBooks, Outbox, Protocol):
    """All ports."""


REGISTRY = Registry((Order, Note, Hold, KeyRecord, AuditProgress))


class StoreWorld:
    """One kind of store. beside: opens another one on the same data; for memory it is the same one."""

    def __init__(
        self, name: str, store: AnyStore, clock: HandClock, beside: Callable[[str], Awaitable[AnyStore]]
    ) -> None:
        self.name = name
        self.store = store
        self.clock = clock
        self.beside = beside


def order(number: int, **fields: object) -> Order:
    """A new order."""
    return Order(id=f"ord_{number:04d}", created_at_ms=NOW_MS, updated_at_ms=NOW_MS, **fields)  # type: ignore[arg-type]  # fields of Order


def fact_of(document: Document) -> ObjectChanged:
    """The event of a document's change."""
    return ObjectChanged(
        id=f"{document.id}.{document.version}.changed",
        at_ms=NOW_MS,
        subject=document.id,
        object="order",
        status="open",
    )


def write(transaction: Transaction, document: Order) -> Order:
    """Change the document, with its event."""
    transaction.change(document, fact_of(document))
    return document


def move(debit: str, credit: str, amount_cents: int) -> Move:
    """A move that counts at once."""
    return Move(debit, credit, amount_cents)


def hold(debit: str, credit: str, amount_cents: int, hold_id: str, expires_at_ms: int = 0) -> Move:
    """A move that waits."""
    return Move(debit, credit, amount_cents, Phase.PENDING, hold_id, expires_at_ms)


def journal(journal_id: str, *moves: Move, currency: str = "USD") -> Journal:
    """A journal of the suite."""
    return Journal(id=journal_id, recipe="test", reference="ref", moves=moves, currency=currency)


class Pauses:
    """Pauses that take no time, and move the clock as if they had."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    async def __call__(self, seconds: float) -> None:
        self._clock.passed_ms += seconds * 1000


def dynamo_store(table: Table, clock: HandClock, producer: str = "blue", *, deadline_ms: int = 600_000) -> DynamoStore:
    """A store with few shards, so that they are all used. Tasks that pause move one clock, so the deadline is far."""
    layout = Layout(audit_shards=3, hot_shards=3, index_shards=2, account_partitions=2)
    patience = Patience(clock=clock, sleep=Pauses(clock), chance=lambda: 0.5, deadline_ms=deadline_ms)
    return DynamoStore(table=table, registry=REGISTRY, producer=producer, clock=clock, layout=layout, patience=patience)


@asynccontextmanager
async def memory_world() -> AsyncIterator[StoreWorld]:
    clock = HandClock()
    store = MemoryStore(registry=REGISTRY, producer="blue", clock=clock)

    async def beside(_producer: str) -> AnyStore:
        return store

    yield StoreWorld("memory", store, clock, beside)


@asynccontextmanager
async def sqlite_world(folder: Path) -> AsyncIterator[StoreWorld]:
    clock = HandClock()
    async with AsyncExitStack() as opened:

        async def beside(producer: str) -> AnyStore:
            store = SqliteStore(path=folder / "payments.db", registry=REGISTRY, producer=producer, clock=clock)
            await store.open()
            opened.push_async_callback(store.close)
            return store

        yield StoreWorld("sqlite", await beside("blue"), clock, beside)


@asynccontextmanager
async def new_table(url: str) -> AsyncIterator[DynamoTable]:
    """A table of this test's own."""
    async with DynamoTable(name=f"core-{next(_NUMBERS)}", region="us-east-1", endpoint_url=url) as table:
        await table.create()
        yield table


@asynccontextmanager
async def dynamo_world(name: str, url: str) -> AsyncIterator[StoreWorld]:
    clock = HandClock()
    async with new_table(url) as table:

        async def beside(producer: str) -> AnyStore:
            store = dynamo_store(table, clock, producer)
            await store.open()
            return store

        yield StoreWorld(name, await beside("blue"), clock, beside)
