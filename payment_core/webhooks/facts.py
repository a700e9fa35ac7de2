"""The event of a change to a webhook endpoint."""

from checks.facts import ObjectChanged
from payment_core.origin import Origin
from payment_core.webhooks.model import WebhookEndpoint


def endpoint_changed(endpoint: WebhookEndpoint, previous_status: str, origin: Origin) -> ObjectChanged:
    """What is told of the endpoint's present version."""
    return ObjectChanged(
        id=f"{endpoint.id}.{endpoint.version}.changed",
        at_ms=endpoint.updated_at_ms,
        subject=endpoint.id,
        region=origin.region,
        environment=origin.environment,
        version=origin.release,
        object="webhook_endpoint",
        status=endpoint.status,
        previous_status=previous_status,
    )
