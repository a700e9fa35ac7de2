"""The stores that simulations run on."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from payment_core.aws.dynamodb import DynamoTable
from payment_core.clock import Clock, SystemClock
from payment_core.store.dynamodb.layout import Layout
from payment_core.store.dynamodb.retry import Patience
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.memory import MemoryStore
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.stage import Registry
from tests.simulation.invariants import AnyStore

OpenStore = Callable[[Registry, Clock], AbstractAsyncContextManager[AnyStore]]


@asynccontextmanager
async def memory_store(registry: Registry, clock: Clock) -> AsyncIterator[AnyStore]:
    """Nothing on disk."""
    yield MemoryStore(registry=registry, producer="blue", clock=clock)


@asynccontextmanager
async def sqlite_store(registry: Registry, clock: Clock) -> AsyncIterator[AnyStore]:
    """A file that is gone afterwards."""
    with TemporaryDirectory() as folder:
        store = SqliteStore(path=Path(folder) / "payments.db", registry=registry, producer="blue", clock=clock)
        await store.open()
        try:
            yield store
        finally:
            await store.close()


def dynamodb_store(url: str, names: Iterator[str]) -> OpenStore:
    """Opens a table of its own each time, at the address of a stand-in."""

    @asynccontextmanager
    async def opened(registry: Registry, clock: Clock) -> AsyncIterator[AnyStore]:
        async with DynamoTable(name=next(names), region="us-east-1", endpoint_url=url, read_seconds=30) as table:
            await table.create()
            layout = Layout(audit_shards=3, hot_shards=3, index_shards=2, account_partitions=2)
            patience = Patience(clock=SystemClock())
            store = DynamoStore(
                table=table, registry=registry, producer="blue", clock=clock, layout=layout, patience=patience
            )
            await store.open()
            yield store

    return opened
