"""A store's file with a little ledger in it, and what somebody with a database tool can do to it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.ledger.posting import Hold
from payment_core.store.memory import MemoryStore
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.stage import Registry

NOW_MS = 1_795_690_800_000
REGISTRY = Registry((Hold,))


class StoppedClock:
    """Stands still."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic_ms(self) -> float:
        return 0


def journal(journal_id: str, *moves: Move, currency: str = "USD") -> Journal:
    """A journal of the tests."""
    return Journal(id=journal_id, recipe="capture", reference="pay_1", moves=moves, currency=currency)


BOOKED = (
    journal("j1", Move("rail_clearing", "provider_available/p1", 10_000), Move("provider_available/p1", "bank", 800)),
    journal("j2", Move("provider_available/p1", "payout_in_flight", 5000, Phase.PENDING, "h1")),
    journal("j3", Move("provider_available/p1", "payout_in_flight", 1000, Phase.PENDING, "h2")),
    journal("j4", Move("provider_available/p1", "payout_in_flight", 4000, Phase.POST, "h1")),
)


async def post(store: MemoryStore | SqliteStore, posted: Journal) -> None:
    """Post a journal that the ledger must take."""
    assert await store.transact(lambda transaction: transaction.post(posted), "key:test") is None


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[SqliteStore]:
    """The store of a file."""
    store = SqliteStore(path=path, registry=REGISTRY, producer="blue", clock=StoppedClock())
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def memory_store() -> MemoryStore:
    """A store without a file."""
    return MemoryStore(registry=REGISTRY, producer="blue", clock=StoppedClock())


def tamper(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def store_hold(path: Path, stored_id: str, **changes: object) -> None:
    """Write another hold in the place of a stored one, or beside it under another id."""
    connection = sqlite3.connect(path)
    (body,) = connection.execute("SELECT body FROM records WHERE kind = 'hold' AND id = ?", (stored_id,)).fetchone()
    changed = msgspec.structs.replace(REGISTRY.decode("hold", body), **changes)
    connection.execute("DELETE FROM records WHERE kind = 'hold' AND id = ?", (changed.id,))
    connection.execute("INSERT INTO records VALUES ('hold', ?, '', 0, ?)", (changed.id, REGISTRY.encode(changed)))
    connection.commit()
    connection.close()


def plant_journal(path: Path, planted: Journal) -> None:
    """Insert a journal that no transaction posted."""
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO journals (id, at_ms, body) VALUES (?, 1, ?)", (planted.id, msgspec.json.encode(planted))
    )
    connection.commit()
    connection.close()
