"""Writes an endpoint's present version with its event."""

from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction
from payment_core.webhooks.model import WebhookEndpoint


def record_endpoint(
    transaction: Transaction, origin: Origin, endpoint: WebhookEndpoint, previous_status: str = ""
) -> None:
    """What is told of it names no owner: it is the whole shop's."""
    record_change(transaction, origin, endpoint, status=endpoint.status, previous_status=previous_status, owner="")
