"""Facts from an HTTP body: EventBridge or CloudEvents, one event or a batch."""

from collections.abc import Callable

import msgspec

from daemon.errors import Untranslatable
from daemon.sources.sink import FactSink
from daemon.sources.taking import Taken, take
from daemon.sources.trust import NOBODY_KNOWN, Trust
from daemon.storage.quarantine import Quarantine
from daemon.translate.cloudevents import translate_cloud_event
from daemon.translate.envelope import decode
from daemon.translate.message import MAX_BODY_BYTES, Translation, translate

SOURCE = "ingest"
"""What facts that come by HTTP are counted under."""
MAX_BATCH = 1_000
"""Events in one request: what EventBridge or a relay sends is a hundredth of it."""
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"
JSON = "application/json"

_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_LIKELY_BATCH = b"["


async def ingest(
    body: bytes,
    content_type: str,
    sink: FactSink,
    quarantine: Quarantine,
    now_ms: int,
    trust: Trust = NOBODY_KNOWN,
    traceparent: str = "",
) -> Taken:
    """Take a request's events over; a bad event does not hold up the others.

    content_type: ``application/json`` (EventBridge, or packed events), ``application/cloudevents+json`` or
    ``application/cloudevents-batch+json``; parameters are ignored. traceparent: of the request, for events that have
    none of their own. Raises Untranslatable when the body as a whole
    cannot be read (nothing is quarantined: the caller has it), and whatever the sink raises: then nothing was taken.
    """
    translate_one, events = _split(body, content_type.partition(";")[0].strip().lower(), trust)

    async def read(event: bytes) -> Translation:
        await trust.check(event)
        return translate_one(event)

    return await take(events, read, SOURCE, sink, quarantine, now_ms, traceparent)


def _split(body: bytes, kind: str, trust: Trust) -> tuple[Callable[[bytes], Translation], list[bytes]]:
    """How to read each event, and the events."""
    if len(body) > MAX_BODY_BYTES:
        raise Untranslatable(f"It has {len(body)} bytes; the limit is {MAX_BODY_BYTES}.")
    if kind == CLOUD_EVENT:
        return (lambda event: translate_cloud_event(event, trust.account_id)), [body]
    if kind == CLOUD_EVENTS:
        return (lambda event: translate_cloud_event(event, trust.account_id)), _batch(body)
    if kind not in {JSON, ""}:
        raise Untranslatable(f"Content type {kind[:80]!r} is none of {JSON}, {CLOUD_EVENT}, {CLOUD_EVENTS}.")
    events = _batch(body) if body.lstrip()[:1] == _LIKELY_BATCH else [body]
    return (lambda event: translate(event, trust.account_id, trust.regions)), events


def _batch(body: bytes) -> list[bytes]:
    events = [bytes(event) for event in decode(_BATCH, body)]
    if len(events) > MAX_BATCH:
        raise Untranslatable(f"It holds {len(events)} events; the limit is {MAX_BATCH}.")
    return events
