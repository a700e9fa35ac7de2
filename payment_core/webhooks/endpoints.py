"""Makes, changes and ends webhook endpoints, renews their secrets, and sends deliveries again."""

from enum import StrEnum

import msgspec

from payment_core.answers import Answer, ok, with_secret
from payment_core.clock import Clock
from payment_core.identifiers import new_id
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of
from payment_core.operations.once import perform_once
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing
from payment_core.webhooks.model import (
    ENDPOINTS_MAX,
    LISTED,
    SealedSecret,
    WebhookCursor,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookTail,
)
from payment_core.webhooks.ports import Seal
from payment_core.webhooks.recording import record_endpoint
from payment_core.webhooks.refusals import WebhookRefusal
from payment_core.webhooks.requests import CreateEndpoint, RotateSecret, UpdateEndpoint
from payment_core.webhooks.retries import GIVE_UP_MS
from payment_core.webhooks.signing import new_signing_secret
from payment_core.webhooks.views import view_delivery, view_endpoint

PURPOSE = "webhook-secret"
TAIL_ID = "tail"
CREATE, UPDATE, ROTATE = "webhook_endpoint.create", "webhook_endpoint.update", "webhook_endpoint.rotate"
DELETE, REPLAY = "webhook_endpoint.delete", "webhook_delivery.replay"


class Endpoints:
    """The operations. A secret is in the first answer alone; what is stored for a replay is without it."""

    def __init__(self, *, store: LedgerStore, seal: Seal, origin: Origin, clock: Clock) -> None:
        self._store = store
        self._seal = seal
        self._origin = origin
        self._clock = clock

    async def create(self, call: Call, body: CreateEndpoint) -> Answer | StrEnum:
        """A new endpoint, which gets the events from now on."""
        endpoint_id = new_id("whe", self._clock.now_ms())
        secret, sealed = await self._new_secret(endpoint_id)
        listed = await self._store.query(Listing(WebhookEndpoint, owner=LISTED, limit=ENDPOINTS_MAX))

        def work(transaction: Transaction) -> Answer | WebhookRefusal:
            if len(listed) >= ENDPOINTS_MAX:
                return WebhookRefusal.WEBHOOK_ENDPOINTS_TOO_MANY
            endpoint = WebhookEndpoint(
                id=endpoint_id,
                url=body.url,
                description=body.description,
                kinds=tuple(sorted(set(body.kinds))),
                secrets=(sealed,),
                created_at_ms=transaction.now_ms,
                updated_at_ms=transaction.now_ms,
            )
            tail = transaction.get(WebhookTail, TAIL_ID)
            transaction.put(WebhookCursor(id=endpoint_id, place="" if tail is None else tail.place))
            record_endpoint(transaction, self._origin, endpoint)
            return ok(view_endpoint(endpoint), 201)

        return with_secret(await perform_once(self._store, CREATE, call, work), secret)

    async def update(self, call: Call, body: UpdateEndpoint) -> Answer | StrEnum:
        """Change what the body gives; enabling forgets past failures."""

        def work(transaction: Transaction) -> Answer | WebhookRefusal:
            endpoint = _listed(transaction, call.path["endpoint_id"])
            if endpoint is None:
                return WebhookRefusal.WEBHOOK_ENDPOINT_NOT_FOUND
            status = endpoint.status if body.status is None else body.status
            changed = msgspec.structs.replace(
                endpoint,
                url=endpoint.url if body.url is None else body.url,
                kinds=endpoint.kinds if body.kinds is None else tuple(sorted(set(body.kinds))),
                description=endpoint.description if body.description is None else body.description,
                status=status,
                disabled_reason="" if status == "enabled" else _reason(endpoint.disabled_reason),
            )
            cursor = transaction.get(WebhookCursor, endpoint.id)
            if body.status == "enabled" and cursor is not None:
                transaction.put(msgspec.structs.replace(cursor, dead_in_a_row=0))
            return self._change(transaction, endpoint, changed)

        return await perform_once(self._store, UPDATE, call, work)

    async def rotate(self, call: Call, body: RotateSecret) -> Answer | StrEnum:
        """A new secret; the old one signs beside it for a while."""
        endpoint_id = call.path["endpoint_id"]
        secret, sealed = await self._new_secret(endpoint_id)

        def work(transaction: Transaction) -> Answer | WebhookRefusal:
            endpoint = _listed(transaction, endpoint_id)
            if endpoint is None:
                return WebhookRefusal.WEBHOOK_ENDPOINT_NOT_FOUND
            now_ms = transaction.now_ms
            if any(each.until_ms > now_ms for each in endpoint.secrets):
                return WebhookRefusal.WEBHOOK_SECRET_ROTATING
            old = SealedSecret(endpoint.secrets[0].sealed, now_ms + body.overlap_seconds * 1000)
            changed = msgspec.structs.replace(endpoint, secrets=(sealed, old) if body.overlap_seconds else (sealed,))
            return self._change(transaction, endpoint, changed)

        return with_secret(await perform_once(self._store, ROTATE, call, work), secret)

    async def delete(self, call: Call, _body: None) -> Answer | StrEnum:
        """End an endpoint; what is still pending for it is given up."""

        def work(transaction: Transaction) -> Answer | WebhookRefusal:
            endpoint = _listed(transaction, call.path["endpoint_id"])
            if endpoint is None:
                return WebhookRefusal.WEBHOOK_ENDPOINT_NOT_FOUND
            transaction.delete(WebhookCursor, endpoint.id)
            return self._change(transaction, endpoint, msgspec.structs.replace(endpoint, status="deleted", secrets=()))

        return await perform_once(self._store, DELETE, call, work)

    async def replay(self, call: Call, _body: None) -> Answer | StrEnum:
        """Send a delivery that ended once more, with the same id and body."""

        def work(transaction: Transaction) -> Answer | WebhookRefusal:
            delivery = transaction.get(WebhookDelivery, call.path["delivery_id"])
            if delivery is None:
                return WebhookRefusal.WEBHOOK_DELIVERY_NOT_FOUND
            endpoint = _listed(transaction, delivery.endpoint_id)
            if endpoint is None or endpoint.status != "enabled":
                return WebhookRefusal.WEBHOOK_ENDPOINT_NOT_ENABLED
            if delivery.status == "pending":
                return WebhookRefusal.WEBHOOK_DELIVERY_PENDING
            now_ms = transaction.now_ms
            again = msgspec.structs.replace(
                delivery,
                status="pending",
                attempts=0,
                due_ms=now_ms,
                give_up_at_ms=now_ms + GIVE_UP_MS,
                replays=delivery.replays + 1,
                updated_at_ms=now_ms,
            )
            transaction.put(again)
            return ok(view_delivery(again))

        return await perform_once(self._store, REPLAY, call, work)

    def _change(self, transaction: Transaction, before: WebhookEndpoint, after: WebhookEndpoint) -> Answer:
        written = next_of(after, transaction.now_ms)
        record_endpoint(transaction, self._origin, written, before.status)
        return ok(view_endpoint(written))

    async def _new_secret(self, endpoint_id: str) -> tuple[str, SealedSecret]:
        secret = new_signing_secret()
        return secret, SealedSecret(await self._seal.seal(PURPOSE, endpoint_id, secret.encode()))


def _listed(transaction: Transaction, endpoint_id: str) -> WebhookEndpoint | None:
    endpoint = transaction.get(WebhookEndpoint, endpoint_id)
    return None if endpoint is None or endpoint.status == "deleted" else endpoint


def _reason(reason: str) -> str:
    return "by request" if reason == "" else reason
