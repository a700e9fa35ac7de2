"""The core's own verification of a trail, with a clock that moves when a test says so or a step is taken."""

from collections.abc import Callable
from pathlib import Path

from payment_core.audit.background import AuditVerification
from payment_core.audit.folder import FolderRoots
from payment_core.audit.progress import PROGRESS_ID, AuditProgress, Verification
from payment_core.ledger.posting import Hold
from payment_core.store.port import DocumentPage
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.stage import Registry
from tests.unit.payment_core.audit.audit_world import HandClock, Order

HOUR_MS = 3_600_000
REGISTRY = Registry((Order, Hold, AuditProgress))


class Clock(HandClock):
    """Each look at the monotonic clock is a millisecond later."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_ms = 0.0

    def monotonic_ms(self) -> float:
        self.passed_ms += 1
        return self.passed_ms

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.wall_ms += ms
        self.passed_ms += ms


def open_file(path: Path, clock: Clock, kind: type[SqliteStore] = SqliteStore) -> SqliteStore:
    """A store of the file that also holds how far its verification is; not open yet."""
    return kind(path=path, registry=REGISTRY, producer="blue", clock=clock)


def verification(
    store: SqliteStore, clock: Clock, folder: Path, *, name: str = "blue", share: float = 0.5
) -> AuditVerification:
    """A day from one to the next."""
    return AuditVerification(
        store=store,
        archive=FolderRoots(folder),
        checker=None,
        clock=clock,
        name=name,
        every_ms=24 * HOUR_MS,
        share=share,
    )


async def progress_of(store: SqliteStore) -> AuditProgress:
    """What is remembered."""
    found = await store.read(AuditProgress, PROGRESS_ID)
    assert found is not None
    return found


async def last_of(store: SqliteStore) -> Verification:
    """The verification that is over."""
    last = (await progress_of(store)).last
    assert last is not None
    return last


class BusyStore(SqliteStore):
    """Changes documents between two pages of them."""

    meanwhile: "Callable[[BusyStore], object] | None" = None

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        page = await super().documents(kind, after, limit)
        if self.meanwhile is not None:
            await self.meanwhile(self)  # type: ignore[misc]  # a coroutine function of the test
        return page
