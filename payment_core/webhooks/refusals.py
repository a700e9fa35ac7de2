"""Why nothing was done to a webhook endpoint or delivery."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class WebhookRefusal(StrEnum):
    """In order of precedence."""

    WEBHOOK_ENDPOINT_NOT_FOUND = "webhook_endpoint_not_found"
    WEBHOOK_DELIVERY_NOT_FOUND = "webhook_delivery_not_found"
    WEBHOOK_ENDPOINTS_TOO_MANY = "webhook_endpoints_too_many"
    WEBHOOK_ENDPOINT_NOT_ENABLED = "webhook_endpoint_not_enabled"
    WEBHOOK_DELIVERY_PENDING = "webhook_delivery_pending"
    WEBHOOK_SECRET_ROTATING = "webhook_secret_rotating"  # noqa: S105 - a refusal's name


def explain_webhooks(refusal: WebhookRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case WebhookRefusal.WEBHOOK_ENDPOINT_NOT_FOUND:
            return Explanation("Endpoint not found", 404, "There is no webhook endpoint with this id.")
        case WebhookRefusal.WEBHOOK_DELIVERY_NOT_FOUND:
            return Explanation("Delivery not found", 404, "There is no webhook delivery with this id, or no longer.")
        case WebhookRefusal.WEBHOOK_ENDPOINTS_TOO_MANY:
            return Explanation("Too many endpoints", 409, "Delete an endpoint that is no longer needed first.")
        case WebhookRefusal.WEBHOOK_ENDPOINT_NOT_ENABLED:
            return Explanation("Endpoint not enabled", 409, "Enable the endpoint before something is sent to it again.")
        case WebhookRefusal.WEBHOOK_DELIVERY_PENDING:
            return Explanation("Still pending", 409, "The delivery is still being tried; it needs no replay.")
        case WebhookRefusal.WEBHOOK_SECRET_ROTATING:
            return Explanation(
                "Rotation running", 409, "Two secrets sign already; the next can be made once the older one is over."
            )
        case _:
            assert_never(refusal)
