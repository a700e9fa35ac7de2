"""Turns events of the outbox into deliveries: exactly one for each endpoint that wants the event."""

import hashlib
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog

from payment_core.store.port import LedgerStore, Outbox, OutboxRow, Transaction
from payment_core.store.records import Listing
from payment_core.webhooks.endpoints import TAIL_ID
from payment_core.webhooks.model import (
    ENDPOINTS_MAX,
    LISTED,
    WebhookCursor,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookTail,
)
from payment_core.webhooks.retries import GIVE_UP_MS

log = structlog.get_logger()

ROWS_MAX = 1000
"""Events read at once."""

DELIVERIES_MAX = 40
"""In one transaction: a store may take no more than 100 writes in one."""

ACTOR = "sweep:webhook-fanout"


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What every event has."""

    kind: str
    id: str
    at_ms: int


class _Step(msgspec.Struct, frozen=True):
    """One transaction's part of the way: from a place to a place, with the deliveries of the events between."""

    start: str
    end: str
    deliveries: tuple[WebhookDelivery, ...]


_Event = tuple[_Head | None, OutboxRow]
_HEAD = msgspec.json.Decoder(_Head)


class WebhookFanout:
    """A job. Endpoints at the same place of the outbox share one reading of it."""

    def __init__(self, *, store: LedgerStore, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    async def run_once(self, now_ms: int) -> int:
        """Take every endpoint at most 1,000 events further; returns how many events lay before the one furthest back.

        A thousand means that there may be more.
        """
        by_place: dict[str, list[WebhookEndpoint]] = {}
        for endpoint in await self._store.query(Listing(WebhookEndpoint, owner=LISTED, limit=ENDPOINTS_MAX)):
            cursor = await self._store.read(WebhookCursor, endpoint.id)
            if endpoint.status == "enabled" and cursor is not None:
                by_place.setdefault(cursor.place, []).append(endpoint)
        longest = 0
        for place, endpoints in by_place.items():
            events = _read(await self._outbox.events(place, ROWS_MAX))
            longest = max(longest, len(events))
            for endpoint in endpoints:
                try:
                    await self._take_further(endpoint, place, events, now_ms)
                except Exception as error:  # noqa: BLE001 - one endpoint must not stop the others
                    log.error("no deliveries made", action="webhook_fanout", endpoint=endpoint.id, fault=str(error))
        return max(longest, await self._follow_tail())

    async def _take_further(self, endpoint: WebhookEndpoint, place: str, events: list[_Event], now_ms: int) -> None:
        for step in _steps(endpoint, place, events, now_ms):
            if not await self._store.transact(partial(_take, endpoint=endpoint, step=step), ACTOR):
                return

    async def _follow_tail(self) -> int:
        """Keep the place near the end of the outbox where new endpoints begin; returns how far it moved."""
        tail = await self._store.read(WebhookTail, TAIL_ID)
        place = "" if tail is None else tail.place
        rows = await self._outbox.events(place, ROWS_MAX)
        if rows:
            last = rows[-1].place

            def move(transaction: Transaction) -> None:
                known = transaction.get(WebhookTail, TAIL_ID)
                if (None if known is None else known.place) == (None if tail is None else place):
                    transaction.put(WebhookTail(id=TAIL_ID, place=last))

            await self._store.transact(move, ACTOR)
        return len(rows)


def delivery_id(endpoint_id: str, event_id: str, at_ms: int) -> str:
    """The one id of this event's delivery to this endpoint, in the order of the events."""
    digest = hashlib.sha256(f"{endpoint_id}\n{event_id}".encode()).hexdigest()
    return f"whd_{at_ms:011x}{digest[:32]}"


def _read(rows: list[OutboxRow]) -> list[_Event]:
    """The rows with their heads; one that cannot be read is skipped, or it would stop every endpoint for ever."""
    events: list[_Event] = []
    for row in rows:
        try:
            events.append((_HEAD.decode(row.body), row))
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", action="webhook_event_skipped", place=row.place, fault=str(error))
            events.append((None, row))
    return events


def _take(transaction: Transaction, endpoint: WebhookEndpoint, step: _Step) -> bool:
    """Make the step's deliveries and move the cursor; False when another process moved it first."""
    cursor = transaction.get(WebhookCursor, endpoint.id)
    if cursor is None or cursor.place != step.start:
        return False
    for delivery in step.deliveries:
        if transaction.get(WebhookDelivery, delivery.id) is None:
            transaction.put(delivery)
    transaction.put(msgspec.structs.replace(cursor, place=step.end))
    return True


def _steps(endpoint: WebhookEndpoint, place: str, events: list[_Event], now_ms: int) -> list[_Step]:
    """The way through the events, in parts that fit into a transaction."""
    steps: list[_Step] = []
    start, deliveries = place, list[WebhookDelivery]()
    for head, row in events:
        if head is not None and _wants(endpoint, head):
            deliveries.append(_delivery(endpoint, head, row, now_ms))
        if len(deliveries) == DELIVERIES_MAX or row is events[-1][1]:
            steps.append(_Step(start, row.place, tuple(deliveries)))
            start, deliveries = row.place, []
    return steps


def _wants(endpoint: WebhookEndpoint, head: _Head) -> bool:
    return (not endpoint.kinds or head.kind in endpoint.kinds) and head.at_ms >= endpoint.created_at_ms


def _delivery(endpoint: WebhookEndpoint, head: _Head, row: OutboxRow, now_ms: int) -> WebhookDelivery:
    """The delivery of this event to this endpoint."""
    moment = datetime.fromtimestamp(head.at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    body = {"type": head.kind, "timestamp": f"{moment}.{head.at_ms % 1000:03d}Z", "data": msgspec.Raw(row.body)}
    return WebhookDelivery(
        id=delivery_id(endpoint.id, head.id, head.at_ms),
        endpoint_id=endpoint.id,
        event_id=head.id,
        event_kind=head.kind,
        body=msgspec.json.encode(body),
        due_ms=now_ms,
        give_up_at_ms=now_ms + GIVE_UP_MS,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
