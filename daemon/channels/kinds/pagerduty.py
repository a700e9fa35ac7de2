"""PagerDuty: one alert for each incident and generation, over the Events API v2 with our own client."""

import json

from daemon.channels.answers import receipt_of
from daemon.channels.cutting import cut, cut_bytes
from daemon.channels.ports import Receipt
from payment_core.webhooks.ports import Sender
from remediation.escalation.notices import Notice

SUMMARY_LENGTH_MAX = 1_024
EVENT_BYTES_MAX = 512 * 1024
_DETAILS_BYTES_MAX = EVENT_BYTES_MAX - 16 * 1024
"""Leaves room for the summary, written as escapes, and for all names."""
DEDUP_KEY_LENGTH_MAX = 255
_SEVERITY = {1: "critical", 2: "error", 3: "warning"}


class PagerDuty:
    """Channel. routing_key: the integration key of the service. url: where the events API is.

    Source: https://developer.pagerduty.com/docs/events-api-v2-overview
    """

    def __init__(self, sender: Sender, url: str, routing_key: str) -> None:
        self._sender = sender
        self._url = f"{url.rstrip('/')}/v2/enqueue"
        self._routing_key = routing_key

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; PagerDuty itself says whom the service calls, so that the address is not used."""
        del address
        event = {"routing_key": self._routing_key, **event_of(notice, key, at_ms)}
        sent = await self._sender.send(self._url, {}, json.dumps(event).encode("ascii"))
        return receipt_of(sent)


def event_of(notice: Notice, key: str, at_ms: int) -> dict[str, object]:
    """The event without its routing key; text beyond PagerDuty's limits is cut, with a mark."""
    event: dict[str, object] = {"event_action": notice.kind, "dedup_key": notice.dedup_key[:DEDUP_KEY_LENGTH_MAX]}
    if notice.kind != "trigger":
        return event
    return {
        **event,
        "client": "Tillwatch",
        "payload": {
            "summary": cut(notice.title, SUMMARY_LENGTH_MAX),
            "source": "tillwatch",
            "severity": _SEVERITY.get(notice.severity, "warning"),
            "custom_details": {
                "incident": notice.incident_id,
                "generation": notice.generation,
                "step": notice.step,
                "person": notice.target.person,
                "notice": key,
                "told_at_ms": at_ms,
                "trace_id": notice.trace_id,
                "text": cut_bytes(notice.body, _DETAILS_BYTES_MAX),
            },
        },
    }
