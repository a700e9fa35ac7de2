"""What takes Alertmanager's webhooks, version 4: one alert for each incident and generation, firing and resolved."""

import hashlib
import json
from datetime import UTC, datetime

from daemon.channels.answers import receipt_of
from daemon.channels.cutting import cut, cut_bytes, readable
from daemon.channels.ports import Receipt
from daemon.translate.alertmanager import OURS
from payment_core.webhooks.ports import Sender
from remediation.escalation.notices import Notice
from remediation.incidents.labels import SEVERITY_NAMES

TEXT_BYTES_MAX = 64 * 1024
_SUMMARY_LENGTH_MAX = 1_024
_LABEL_LENGTH_MAX = 200
NEVER = "0001-01-01T00:00:00Z"
"""Go's time that is none: how Alertmanager writes the end of what has not ended."""


class Alertmanager:
    """Channel. token: sent as a bearer token; empty for none.

    Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """

    def __init__(self, sender: Sender, name: str, url: str, token: str) -> None:
        self._sender = sender
        self._name = name
        self._url = url
        self._token = token

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel. ``groupKey`` is the alert's; an acknowledgement is nothing that a receiver of these knows."""
        del address
        if notice.kind == "acknowledge":
            return Receipt("acknowledgements are unknown there, so that nothing was sent")
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        body = json.dumps(group_of(notice, key, self._name, at_ms)).encode("ascii")
        return receipt_of(await self._sender.send(self._url, headers, body))


def group_of(notice: Notice, key: str, receiver: str, at_ms: int) -> dict[str, object]:
    """A group of one alert. receiver: the channel's name. at_ms: when it ended, if it did."""
    status = "resolved" if notice.kind == "resolve" else "firing"
    labels, annotations = labels_of(notice), _annotations(notice, key)
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": _time(notice.began_at_ms if notice.began_at_ms else at_ms),
        "endsAt": _time(at_ms) if status == "resolved" else NEVER,
        "generatorURL": "",
        "fingerprint": hashlib.sha256(notice.dedup_key.encode()).hexdigest()[:16],
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{incident="{notice.dedup_key}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver,
        "groupLabels": {"incident": notice.dedup_key},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [alert],
    }


def labels_of(notice: Notice) -> dict[str, str]:
    """The labels of the incident, its rule as ``alertname``; the same in all that is told of one alert."""
    own = {name: cut(readable(value), _LABEL_LENGTH_MAX) for name, value in notice.labels.items() if value}
    return {
        **own,
        "alertname": own.get("rule", "tillwatch"),
        "severity": SEVERITY_NAMES.get(notice.severity, "medium"),
        "incident": notice.dedup_key,
        # Known again where it comes back, so that no incident is opened about an incident.
        "source": OURS,
    }


def _annotations(notice: Notice, key: str) -> dict[str, str]:
    return {
        "summary": cut(readable(notice.title), _SUMMARY_LENGTH_MAX),
        "description": cut_bytes(readable(notice.body), TEXT_BYTES_MAX),
        "person": notice.target.person,
        "notice": key,
    }


def _time(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
