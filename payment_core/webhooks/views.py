"""Webhook endpoints and deliveries as the API shows them."""

from typing import Literal

import msgspec

from payment_core.webhooks.model import DeliveryStatus, EndpointStatus, WebhookDelivery, WebhookEndpoint


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. secret: there once, in the first answer to what made it."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    url: str
    description: str
    kinds: tuple[str, ...]
    secret: str = ""
    status: EndpointStatus
    disabled_reason: str
    version: int
    created_at_ms: int
    updated_at_ms: int


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery. next_attempt_at_ms: 0 unless pending. status_code: of the last answer, 0 when there was none."""

    id: str
    object: Literal["webhook_delivery"] = "webhook_delivery"
    endpoint_id: str
    event_id: str
    event_kind: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at_ms: int
    status_code: int
    fault: str
    replays: int
    created_at_ms: int
    updated_at_ms: int


def view_endpoint(endpoint: WebhookEndpoint) -> EndpointView:
    """What a caller sees of the endpoint."""
    return EndpointView(
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        kinds=endpoint.kinds,
        status=endpoint.status,
        disabled_reason=endpoint.disabled_reason,
        version=endpoint.version,
        created_at_ms=endpoint.created_at_ms,
        updated_at_ms=endpoint.updated_at_ms,
    )


def view_delivery(delivery: WebhookDelivery) -> DeliveryView:
    """What a caller sees of the delivery."""
    return DeliveryView(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        event_kind=delivery.event_kind,
        status=delivery.status,
        attempts=delivery.attempts,
        next_attempt_at_ms=delivery.due_ms if delivery.status == "pending" else 0,
        status_code=delivery.status_code,
        fault=delivery.fault,
        replays=delivery.replays,
        created_at_ms=delivery.created_at_ms,
        updated_at_ms=delivery.updated_at_ms,
    )
