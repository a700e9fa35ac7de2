"""The stores that simulations run on."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from payment_core.clock import Clock
from payment_core.store.memory import MemoryStore
from payment_core.store.sqlite import SqliteStore
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
