"""Facts from an HTTP body: EventBridge or CloudEvents, one event or a batch."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from checks.facts import Fact
from daemon.errors import Untranslatable
from daemon.sources.sink import FactSink
from daemon.sources.trust import NOBODY_KNOWN, Trust
from daemon.storage.quarantine import Quarantine
from daemon.traces.causes import arriving
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


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """One event that cannot be used; index counts from 0 within the request. It is in the quarantine."""

    index: int
    what: str


@dataclass(frozen=True, slots=True)
class IngestResult:
    """accepted: facts that are on disk. ignored: sound events that no fact exists for, by index."""

    accepted: int
    refused: tuple[RefusedEvent, ...] = ()
    ignored: tuple[RefusedEvent, ...] = ()


async def ingest(
    body: bytes,
    content_type: str,
    sink: FactSink,
    quarantine: Quarantine,
    now_ms: int,
    trust: Trust = NOBODY_KNOWN,
    traceparent: str = "",
) -> IngestResult:
    """Take a request's events over; a bad event does not hold up the others.

    content_type: ``application/json`` (EventBridge, or packed events), ``application/cloudevents+json`` or
    ``application/cloudevents-batch+json``; parameters are ignored. traceparent: of the request, for events that have
    none of their own. Raises Untranslatable when the body as a whole
    cannot be read (nothing is quarantined: the caller has it), and whatever the sink raises: then nothing was taken.
    """
    read, events = _split(body, content_type.partition(";")[0].strip().lower(), trust)
    facts: list[Fact] = []
    traceparents: dict[str, str] = {}
    refused: list[RefusedEvent] = []
    ignored: list[RefusedEvent] = []
    for index, event in enumerate(events):
        try:
            await trust.check(event)
            translation = read(event)
        except Untranslatable as fault:
            refused.append(RefusedEvent(index, fault.detail))
            await quarantine.put(SOURCE, event, fault.detail, now_ms)
            continue
        facts.extend(translation.facts)
        traceparents |= translation.traceparents(traceparent)
        for part in translation.refused:
            refused.append(RefusedEvent(index, part.what))
            await quarantine.put(SOURCE, part.body, part.what, now_ms)
        if translation.ignored:
            ignored.append(RefusedEvent(index, translation.ignored))
    if facts:
        with arriving(traceparents):
            await sink.accept(facts, SOURCE)
    return IngestResult(len(facts), tuple(refused), tuple(ignored))


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
