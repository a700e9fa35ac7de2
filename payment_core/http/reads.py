"""The routes that only read: payments, refunds, events, ledger, and the probes."""

import asyncio
import sqlite3
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from payment_core.counts import Counts
from payment_core.errors import CoreError
from payment_core.http import problems
from payment_core.http.bodies import instance_of
from payment_core.ledger.verify import Balance, read_balances
from payment_core.metrics import exposition
from payment_core.outbox import OutboxRow, count_unsent, events_after
from payment_core.payments.answers import Answer, payment_answer, refund_answer
from payment_core.payments.begin import Origin
from payment_core.payments.model import find_payment, find_refund
from payment_core.store.store import Store

EVENTS_LIMIT_MAX = 1000
"""Events in one answer: about 500 KB."""

SEQUENCE_MAX = 2**63 - 1

READY_SECONDS = 1.0
"""A database that does not answer a read in this time cannot take payments."""


class Readiness(msgspec.Struct, frozen=True):
    """The answer of ``/readyz``."""

    ready: bool
    version: str
    environment: str


class Liveness(msgspec.Struct, frozen=True):
    """The answer of ``/livez``."""

    alive: bool = True


class EventPage(msgspec.Struct, frozen=True):
    """Events in outbox order. last_sequence: what to ask ``after`` next; the asked one when there are none."""

    events: list[msgspec.Raw]
    last_sequence: int


class LedgerView(msgspec.Struct, frozen=True):
    """The balance of every account."""

    accounts: tuple[Balance, ...]


class Reads:
    """The reading routes of one process. stopping is set when it takes no more payments."""

    def __init__(self, *, store: Store, origin: Origin, counts: Counts, stopping: asyncio.Event) -> None:
        self._store = store
        self._origin = origin
        self._counts = counts
        self._stopping = stopping
        self._verifying = asyncio.Lock()

    async def payment(self, request: Request) -> Answer:
        """One payment by its id."""
        payment = await self._store.read(partial(find_payment, payment_id=request.path_params["payment_id"]))
        return problems.not_found(instance_of(request)) if payment is None else payment_answer(200, payment)

    async def refund(self, request: Request) -> Answer:
        """One refund by its id."""
        refund = await self._store.read(partial(find_refund, refund_id=request.path_params["refund_id"]))
        return problems.not_found(instance_of(request)) if refund is None else refund_answer(200, refund)

    async def events(self, request: Request) -> Answer:
        """Events after a sequence, 100 unless a limit up to 1000 is given."""
        after = _whole_number(request, "after", default=0, least=0, most=SEQUENCE_MAX)
        if isinstance(after, Answer):
            return after
        limit = _whole_number(request, "limit", default=100, least=1, most=EVENTS_LIMIT_MAX)
        if isinstance(limit, Answer):
            return limit
        rows: list[OutboxRow] = await self._store.read(partial(events_after, after=after, limit=limit))
        last = rows[-1].sequence if rows else after
        return _ok(EventPage([msgspec.Raw(row.body) for row in rows], last))

    async def ledger(self, _request: Request) -> Answer:
        """Balances by account."""
        return _ok(LedgerView(await self._store.read(read_balances)))

    async def ledger_verification(self, _request: Request) -> Answer:
        """Whether every invariant of the ledger holds now; one check at a time, others wait for it."""
        async with self._verifying:
            return _ok(await self._store.verify_ledger())

    async def livez(self, _request: Request) -> Answer:
        """The process runs its event loop."""
        return _ok(Liveness())

    async def readyz(self, _request: Request) -> Answer:
        """200 when payments are taken: not stopping, and the database answers."""
        ready = not self._stopping.is_set() and await self._database_answers()
        body = msgspec.json.encode(Readiness(ready, self._origin.release, self._origin.environment))
        return Answer(200 if ready else 503, body)

    async def metrics(self, _request: Request) -> Response:
        """Prometheus text."""
        text = exposition(self._counts, self._origin, await self._store.read(count_unsent))
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._store.read(partial(events_after, after=0, limit=1))
        except (TimeoutError, CoreError, sqlite3.Error):
            return False
        return True


def _ok(value: msgspec.Struct) -> Answer:
    return Answer(200, msgspec.json.encode(value))


def _whole_number(request: Request, name: str, *, default: int, least: int, most: int) -> int | Answer:
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    return problems.invalid_body(instance_of(request), f"?{name}", f"has to be a whole number from {least} to {most}")
