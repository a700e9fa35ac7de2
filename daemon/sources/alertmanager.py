"""Alerts from an HTTP body of Alertmanager's webhook."""

from checks.facts import Fact
from daemon.errors import Untranslatable
from daemon.sources.ingest import IngestResult, RefusedEvent
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from daemon.translate.alertmanager import alerts_of, translate_alert

SOURCE = "alertmanager"
"""What its facts, and what cannot be used, are counted under."""


async def take_alerts(body: bytes, sink: FactSink, quarantine: Quarantine, now_ms: int) -> IngestResult:
    """Take a webhook's alerts over; a bad one does not hold up the others.

    Raises Untranslatable when the body as a whole is no webhook of version 4, and whatever the sink raises: then
    nothing was taken.
    """
    alerts, truncated = alerts_of(body)
    facts: list[Fact] = []
    refused: list[RefusedEvent] = []
    ignored = [RefusedEvent(len(alerts), f"{truncated} alerts that Alertmanager left out")] if truncated else []
    for index, alert in enumerate(alerts):
        try:
            translation = translate_alert(alert)
        except Untranslatable as fault:
            refused.append(RefusedEvent(index, fault.detail))
            await quarantine.put(SOURCE, alert, fault.detail, now_ms)
            continue
        facts.extend(translation.facts)
        if translation.ignored:
            ignored.append(RefusedEvent(index, translation.ignored))
    if facts:
        await sink.accept(facts, SOURCE)
    return IngestResult(len(facts), tuple(refused), tuple(ignored))
