"""Sends the deliveries that are due: signed, in order of event, and again until accepted or given up."""

import asyncio
import random
from collections.abc import Callable

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.operations.documents import next_of
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due
from payment_core.webhooks.endpoints import PURPOSE
from payment_core.webhooks.model import (
    KEPT_DEAD_MS,
    KEPT_SUCCEEDED_MS,
    WebhookCursor,
    WebhookDelivery,
    WebhookEndpoint,
)
from payment_core.webhooks.ports import Seal, Sender, Sent
from payment_core.webhooks.recording import record_endpoint
from payment_core.webhooks.retries import DEAD_IN_A_ROW_MAX, wait_ms
from payment_core.webhooks.signing import signature_headers

log = structlog.get_logger()

BATCH = 100
"""Deliveries of one run; the next run takes the next ones."""

LEASE_MS = 60_000
"""A delivery belongs to who began its attempt for so long: six times the longest attempt. After a crash it is due."""

PER_ENDPOINT_MAX = 4
"""Attempts at one receiver at the same time; a slow one keeps no other waiting."""

PUT_OFF_MS = 60_000
"""A receiver that failed is left alone for so long with what else is due for it in this run."""

GONE = 410
"""HTTP Gone: the receiver asks not to be called again (Standard Webhooks 1.0.0)."""

ACTOR = "sweep:webhook-delivery"

OnOutcome = Callable[[str], None]
"""Told ``succeeded``, ``retried`` or ``dead`` for each attempt that ended."""


class _Claimed(msgspec.Struct, frozen=True):
    """A delivery that is ours to send, and where to."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint


class _Queue:
    """What is due for one endpoint. failing: an attempt of this run was not accepted."""

    def __init__(self, deliveries: list[WebhookDelivery]) -> None:
        self.waiting = iter(sorted(deliveries, key=lambda delivery: delivery.id))
        self.failing = False


class WebhookDelivering:
    """A job. share: draws from 0 to 1 for the waits."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        seal: Seal,
        sender: Sender,
        origin: Origin,
        clock: Clock,
        on_outcome: OnOutcome,
        share: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._seal = seal
        self._sender = sender
        self._origin = origin
        self._clock = clock
        self._on_outcome = on_outcome
        self._share = share

    async def run_once(self, now_ms: int) -> int:
        """Begin an attempt for at most 100 due deliveries, and wait for them; returns how many were due."""
        due = await self._store.query(Due(WebhookDelivery, now_ms, limit=BATCH))
        queues: dict[str, list[WebhookDelivery]] = {}
        for delivery in due:
            queues.setdefault(delivery.endpoint_id, []).append(delivery)
        async with asyncio.TaskGroup() as group:
            for endpoint_id, deliveries in queues.items():
                queue = _Queue(deliveries)
                for number in range(min(PER_ENDPOINT_MAX, len(deliveries))):
                    group.create_task(self._work_off(queue), name=f"webhook-{endpoint_id}-{number}")
        return len(due)

    async def _work_off(self, queue: _Queue) -> None:
        for delivery in queue.waiting:
            try:
                await self._handle(queue, delivery)
            except Exception as error:  # noqa: BLE001 - one delivery must not stop the others; its lease ends
                log.error("delivery met a fault", action="webhook_fault", delivery=delivery.id, fault=str(error))

    async def _handle(self, queue: _Queue, delivery: WebhookDelivery) -> None:
        if delivery.status != "pending":
            await self._store.transact(lambda transaction: _forget(transaction, delivery), ACTOR)
            return
        if queue.failing:
            # A dead receiver with a long queue would keep everybody else waiting, ten seconds for each delivery.
            await self._store.transact(lambda transaction: _put_off(transaction, delivery.id), ACTOR)
            return
        claimed = await self._store.transact(lambda transaction: self._claim(transaction, delivery.id), ACTOR)
        if claimed is None:
            return
        sent = await self._attempt(claimed)
        if not sent.accepted:
            queue.failing = True
        wait = wait_ms(claimed.delivery.attempts, self._share())
        outcome = await self._store.transact(
            lambda transaction: self._settle(transaction, claimed.delivery, sent, wait), ACTOR
        )
        self._on_outcome(outcome)

    async def _attempt(self, claimed: _Claimed) -> Sent:
        now_ms = self._clock.now_ms()
        endpoint, delivery = claimed.endpoint, claimed.delivery
        secrets = [
            (await self._seal.open(PURPOSE, endpoint.id, secret.sealed)).decode()
            for secret in endpoint.secrets
            if secret.until_ms == 0 or secret.until_ms > now_ms
        ]
        headers = signature_headers(secrets, delivery.event_id, now_ms // 1000, delivery.body)
        return await self._sender.send(endpoint.url, headers, delivery.body)

    def _claim(self, transaction: Transaction, delivery_id: str) -> _Claimed | None:
        """Begin the next attempt; None when it is not due any more, or will never be made."""
        now_ms = transaction.now_ms
        delivery = transaction.get(WebhookDelivery, delivery_id)
        if delivery is None or delivery.status != "pending" or delivery.due_ms > now_ms:
            return None
        endpoint = transaction.get(WebhookEndpoint, delivery.endpoint_id)
        enabled = endpoint is not None and endpoint.status == "enabled"
        if endpoint is None or not enabled or now_ms > delivery.give_up_at_ms:
            told = delivery if enabled else msgspec.structs.replace(delivery, fault="the endpoint is not enabled")
            _bury(transaction, told)
            if enabled:
                self._count_dead(transaction, delivery.endpoint_id, alive=False)
            return None
        begun = msgspec.structs.replace(
            delivery, attempts=delivery.attempts + 1, due_ms=now_ms + LEASE_MS, updated_at_ms=now_ms
        )
        transaction.put(begun)
        return _Claimed(begun, endpoint)

    def _settle(self, transaction: Transaction, begun: WebhookDelivery, sent: Sent, wait: int) -> str:
        """Write how the attempt ended, unless somebody else began another one since."""
        now_ms = transaction.now_ms
        current = transaction.get(WebhookDelivery, begun.id)
        if current is None or current.status != "pending" or current.attempts != begun.attempts:
            return "overtaken"
        told = msgspec.structs.replace(current, status_code=sent.status_code, fault=sent.fault, updated_at_ms=now_ms)
        if sent.accepted:
            transaction.put(msgspec.structs.replace(told, status="succeeded", due_ms=now_ms + KEPT_SUCCEEDED_MS))
            self._count_dead(transaction, current.endpoint_id, alive=True)
            return "succeeded"
        if sent.status_code != GONE and now_ms + wait <= current.give_up_at_ms:
            transaction.put(msgspec.structs.replace(told, due_ms=now_ms + wait))
            return "retried"
        _bury(transaction, told)
        self._count_dead(transaction, current.endpoint_id, alive=False, gone=sent.status_code == GONE)
        return "dead"

    def _count_dead(self, transaction: Transaction, endpoint_id: str, *, alive: bool, gone: bool = False) -> None:
        """Disable an endpoint that is gone, or that let too many deliveries in a row die."""
        cursor = transaction.get(WebhookCursor, endpoint_id)
        if cursor is None or (alive and cursor.dead_in_a_row == 0):
            return
        count = 0 if alive else cursor.dead_in_a_row + 1
        transaction.put(msgspec.structs.replace(cursor, dead_in_a_row=count))
        endpoint = transaction.get(WebhookEndpoint, endpoint_id)
        if endpoint is None or endpoint.status != "enabled" or not (gone or count >= DEAD_IN_A_ROW_MAX):
            return
        reason = "the receiver answered 410 Gone" if gone else f"{count} deliveries in a row were given up"
        disabled = next_of(endpoint, transaction.now_ms, status="disabled", disabled_reason=reason)
        record_endpoint(transaction, self._origin, disabled, endpoint.status)


def _bury(transaction: Transaction, delivery: WebhookDelivery) -> None:
    """No further attempt is made, unless somebody asks for it."""
    now_ms = transaction.now_ms
    transaction.put(
        msgspec.structs.replace(delivery, status="dead", due_ms=now_ms + KEPT_DEAD_MS, updated_at_ms=now_ms)
    )


def _forget(transaction: Transaction, delivery: WebhookDelivery) -> None:
    """Remove a delivery that was kept long enough."""
    current = transaction.get(WebhookDelivery, delivery.id)
    if current is not None and current.status != "pending" and current.due_ms <= transaction.now_ms:
        transaction.delete(WebhookDelivery, delivery.id)


def _put_off(transaction: Transaction, delivery_id: str) -> None:
    """Look at a delivery later, without an attempt."""
    current = transaction.get(WebhookDelivery, delivery_id)
    if current is not None and current.status == "pending" and current.due_ms <= transaction.now_ms:
        transaction.put(msgspec.structs.replace(current, due_ms=transaction.now_ms + PUT_OFF_MS))
