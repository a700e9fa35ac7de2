"""The routes about the process itself: whether it lives, whether it takes payments, and what it counted."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from payment_core.answers import Answer, ok
from payment_core.clock import SystemClock
from payment_core.http.routes import Route
from payment_core.metrics.counts import Counts
from payment_core.metrics.process_metrics import exposition
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore

log = structlog.get_logger()

READY_SECONDS = 1.0
"""A store that does not answer a read in this time cannot take payments."""

COUNT_SECONDS = 3.0
"""A scrape ends after 10 s at most (Prometheus's default), and one page of a table's index takes some milliseconds."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_PROBE_ID = "readyz"


class Readiness(msgspec.Struct, frozen=True):
    """The answer of ``/readyz``."""

    ready: bool
    version: str
    environment: str


class Liveness(msgspec.Struct, frozen=True):
    """The answer of ``/livez``."""

    alive: bool = True


class _Service:
    """The handlers. stopping: set when the process takes no more payments. unsent: events that no queue has taken."""

    def __init__(
        self,
        store: LedgerStore,
        origin: Origin,
        counts: Counts,
        stopping: asyncio.Event,
        unsent: Callable[[], Awaitable[int]],
    ) -> None:
        self._store = store
        self._origin = origin
        self._counts = counts
        self._stopping = stopping
        self._unsent = unsent

    async def livez(self, _call: Call, _body: None) -> Answer:
        """The process answers, so it lives."""
        return ok(Liveness())

    async def readyz(self, _call: Call, _body: None) -> Answer:
        """200 when payments are taken: not stopping, and the store answers."""
        ready = not self._stopping.is_set() and await self._store_answers()
        return ok(Readiness(ready, self._origin.release, self._origin.environment), 200 if ready else 503)

    async def metrics(self, _call: Call, _body: None) -> Answer:
        """Prometheus text."""
        unsent = await self._count_unsent()
        return Answer(200, exposition(self._counts, self._origin, unsent, SystemClock().process_ms()))

    async def _count_unsent(self) -> int | None:
        """None when the store does not say in time; the other metrics are needed most just then."""
        try:
            async with asyncio.timeout(COUNT_SECONDS):
                return await self._unsent()
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing is known of the outbox
            log.warning("unsent events cannot be counted", action="outbox_not_counted", fault=str(error))
            return None

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._store.read(KeyRecord, _PROBE_ID)
        except Exception as error:  # noqa: BLE001 - whatever it was, payments cannot be taken
            log.warning("store does not answer", action="not_ready", fault=str(error))
            return False
        return True


def service_routes(
    *,
    store: LedgerStore,
    origin: Origin,
    counts: Counts,
    stopping: asyncio.Event,
    unsent: Callable[[], Awaitable[int]],
) -> tuple[Route, ...]:
    """``/livez``, ``/readyz`` and ``/metrics``."""
    service = _Service(store, origin, counts, stopping, unsent)
    return (
        Route(
            method="GET",
            path="/livez",
            scope="",
            summary="The process runs",
            handler=service.livez,
            answer=Liveness,
        ),
        Route(
            method="GET",
            path="/readyz",
            scope="",
            summary="Payments are taken",
            handler=service.readyz,
            answer=Readiness,
            also=(503,),
        ),
        Route(
            method="GET",
            path="/metrics",
            scope="metrics:read",
            summary="What the process counted, as Prometheus text",
            handler=service.metrics,
            answer=None,
            media_type=METRICS_TYPE,
        ),
    )
