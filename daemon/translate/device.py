"""A message of a terminal or device into facts: it may speak of itself, and of nothing but the kinds it was given."""

from collections.abc import Collection

import msgspec

from checks.facts import AnyFact, Fact, kind_of
from daemon.errors import Untranslatable
from daemon.translate.cloudevents import translate_cloud_event
from daemon.translate.envelope import cut, decode
from daemon.translate.message import MAX_BODY_BYTES, MAX_EVENTS, PACKED_SCHEMA, Refused, Translation
from daemon.translate.soundness import unsound


class _Outline(msgspec.Struct, frozen=True, gc=False):
    """As much as tells what it is."""

    schema: str = ""
    specversion: str = ""
    kind: str = ""


class _PackedRaw(msgspec.Struct, frozen=True, gc=False):
    events: list[msgspec.Raw]


_OUTLINE = msgspec.json.Decoder(_Outline)
_PACKED = msgspec.json.Decoder(_PackedRaw)
_FACT = msgspec.json.Decoder(AnyFact)


def translate_device_message(body: bytes, kinds: Collection[str], device: str) -> Translation:
    """The facts of a fact, a CloudEvent or packed facts, in JSON. device: whom the topic names; empty when it does not.

    One bad fact of a packed message does not take the others with it. Raises Untranslatable.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Untranslatable(f"It has {len(body)} bytes; the limit is {MAX_BODY_BYTES}.")
    outline = decode(_OUTLINE, body)
    if outline.schema == PACKED_SCHEMA:
        return _packed(body, kinds, device)
    if outline.specversion:
        translation = translate_cloud_event(body)
        for fact in translation.facts:
            _allow(fact, kinds, device)
        return translation
    if outline.kind:
        return Translation((_fact(body, kinds, device),))
    raise Untranslatable("It is neither a fact, nor a CloudEvent, nor packed facts.")


def device_of(topic: str, topic_filter: str) -> str:
    """What stands in the topic where the filter has its first ``+``; empty when it has none."""
    levels = topic.split("/")
    return next((level for level, wanted in zip(levels, topic_filter.split("/"), strict=False) if wanted == "+"), "")


def _packed(body: bytes, kinds: Collection[str], device: str) -> Translation:
    events = decode(_PACKED, body).events
    if len(events) > MAX_EVENTS:
        raise Untranslatable(f"It holds {len(events)} events; the limit is {MAX_EVENTS}.")
    facts: list[Fact] = []
    refused: list[Refused] = []
    for event in events:
        try:
            facts.append(_fact(bytes(event), kinds, device))
        except Untranslatable as fault:
            refused.append(Refused(bytes(event), fault.detail))
    return Translation(tuple(facts), refused=tuple(refused))


def _fact(body: bytes, kinds: Collection[str], device: str) -> Fact:
    fact: Fact = decode(_FACT, body)
    reason = unsound(fact)
    if reason:
        raise Untranslatable(f"{reason}.")
    _allow(fact, kinds, device)
    return fact


def _allow(fact: Fact, kinds: Collection[str], device: str) -> None:
    kind = kind_of(type(fact))
    if kind not in kinds:
        raise Untranslatable(f"Its topic may not carry {kind}.")
    if fact.sequence:
        raise Untranslatable("It claims a position in the outbox of a payment core.")
    if device and device not in {fact.subject, getattr(fact, "device_id", "")}:
        raise Untranslatable(f"It came on the topic of {cut(device)!r} and speaks of {cut(fact.subject)!r}.")
