"""Webhook endpoints and their deliveries, as they are kept."""

from typing import Literal

import msgspec

from payment_core.store.records import Document, Record

EndpointStatus = Literal["enabled", "disabled", "deleted"]
DeliveryStatus = Literal["pending", "succeeded", "dead"]

LISTED = "listed"
"""Under what endpoints that are not deleted are listed."""

ENDPOINTS_MAX = 50
"""Each one reads along with every event."""

DAY_MS = 24 * 3600 * 1000
KEPT_SUCCEEDED_MS = 7 * DAY_MS
KEPT_DEAD_MS = 90 * DAY_MS
"""How long a delivery can be looked up, and a dead one sent again."""


class SealedSecret(msgspec.Struct, frozen=True, gc=False):
    """A signing secret. sealed: under the endpoint's id. until_ms: signs until then; 0 for the current one."""

    sealed: bytes
    until_ms: int = 0


class WebhookEndpoint(Document, frozen=True, gc=False, kw_only=True, tag="webhook_endpoint"):
    """Where events are sent. kinds: of the events; empty for all. disabled_reason: why we stopped, empty otherwise.

    secrets: the current one first, then the one before it while it still signs.
    """

    url: str
    description: str
    kinds: tuple[str, ...]
    secrets: tuple[SealedSecret, ...]
    status: EndpointStatus = "enabled"
    disabled_reason: str = ""

    @property
    def owner(self) -> str:
        """Deleted ones are kept for the audit trail and listed nowhere."""
        return "" if self.status == "deleted" else LISTED


class WebhookCursor(Record, frozen=True, gc=False, kw_only=True, tag="webhook_cursor"):
    """How far an endpoint has come; its id is the endpoint's.

    place: of the last event in the outbox that it was looked at for. dead_in_a_row: deliveries given up since the last
    one that succeeded.
    """

    place: str
    dead_in_a_row: int = 0


class WebhookTail(Record, frozen=True, gc=False, kw_only=True, tag="webhook_tail"):
    """The last place of the outbox that was seen; new endpoints begin there."""

    place: str


class WebhookDelivery(Record, frozen=True, gc=False, kw_only=True, tag="webhook_delivery"):
    """One event for one endpoint. No document: its own changes would be events to deliver.

    body: what is sent, the same in every attempt. attempts: begun. due_ms: of the next attempt while pending, of being
    forgotten afterwards. give_up_at_ms: no attempt begins after it. status_code, fault: of the last attempt; the code
    is 0 when there was no answer. replays: how often somebody asked for it again.
    """

    endpoint_id: str
    event_id: str
    event_kind: str
    body: bytes
    status: DeliveryStatus = "pending"
    attempts: int = 0
    due_ms: int
    give_up_at_ms: int
    status_code: int = 0
    fault: str = ""
    replays: int = 0
    created_at_ms: int
    updated_at_ms: int

    @property
    def due_at_ms(self) -> int:
        """When it is sent, or forgotten."""
        return self.due_ms

    @property
    def owner(self) -> str:
        """Listed under its endpoint."""
        return self.endpoint_id


RECORDS: tuple[type[Record], ...] = (WebhookEndpoint, WebhookCursor, WebhookTail, WebhookDelivery)
