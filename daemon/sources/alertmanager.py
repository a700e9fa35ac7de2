"""Alerts from an HTTP body of Alertmanager's webhook."""

from dataclasses import replace

from daemon.sources.sink import FactSink
from daemon.sources.taking import RefusedEvent, Taken, take
from daemon.storage.quarantine import Quarantine
from daemon.translate.alertmanager import alerts_of, translate_alert
from daemon.translate.message import Translation

SOURCE = "alertmanager"
"""What its facts, and what cannot be used, are counted under."""


async def take_alerts(body: bytes, sink: FactSink, quarantine: Quarantine, now_ms: int) -> Taken:
    """Take a webhook's alerts over; a bad one does not hold up the others.

    Raises Untranslatable when the body as a whole is no webhook of version 4, and whatever the sink raises: then
    nothing was taken.
    """
    alerts, truncated = alerts_of(body)
    taken = await take(alerts, _read, SOURCE, sink, quarantine, now_ms)
    if not truncated:
        return taken
    left_out = RefusedEvent(len(alerts), f"{truncated} alerts that Alertmanager left out")
    return replace(taken, ignored=(*taken.ignored, left_out))


async def _read(alert: bytes) -> Translation:
    return translate_alert(alert)
