"""PagerDuty's change events: what was changed, beside the alerts of the same service; they call nobody."""

import json
from datetime import UTC, datetime

from daemon.channels.answers import receipt_of
from daemon.channels.change_words import Change
from daemon.channels.cutting import cut, in_one_line, readable
from daemon.channels.kinds.pagerduty import SUMMARY_LENGTH_MAX
from daemon.channels.ports import Receipt
from payment_core.webhooks.ports import Sender

_DETAIL_LENGTH_MAX = 1_024


class PagerDutyChanges:
    """The port `daemon.channels.changes.ChangeTeller`. routing_key: of the service, the same as for alerts.

    Source: https://developer.pagerduty.com/docs/send-change-event
    """

    def __init__(self, sender: Sender, url: str, routing_key: str) -> None:
        self._sender = sender
        self._url = f"{url.rstrip('/')}/v2/change/enqueue"
        self._routing_key = routing_key

    async def tell(self, change: Change) -> Receipt:
        """See ChangeTeller."""
        event = {"routing_key": self._routing_key, **change_event_of(change)}
        return receipt_of(await self._sender.send(self._url, {}, json.dumps(event).encode("ascii")))


def change_event_of(change: Change) -> dict[str, object]:
    """The event without its routing key."""
    moment = datetime.fromtimestamp(change.at_ms / 1000, tz=UTC)
    return {
        "payload": {
            "summary": cut(in_one_line(readable(change.summary)), SUMMARY_LENGTH_MAX),
            "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "source": "tillwatch",
            "custom_details": {
                name: cut(readable(value), _DETAIL_LENGTH_MAX) for name, value in change.details.items() if value
            },
        },
    }
