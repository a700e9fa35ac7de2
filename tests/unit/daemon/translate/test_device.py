"""A device speaks of itself, in the kinds that its topic may carry, and everything else is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import Untranslatable
from daemon.translate.device import device_of, translate_device_message

NOW_MS = 1_795_459_572_000
KINDS = frozenset({"payment.attempted", "heartbeat"})


def beat(**more: object) -> dict[str, object]:
    return {"kind": "heartbeat", "id": "b1", "at_ms": NOW_MS, "subject": "t1", **more}


def attempt(**more: object) -> dict[str, object]:
    known = {"kind": "payment.attempted", "id": "a1", "at_ms": NOW_MS, "subject": "pay_1", "rail": "card"}
    return {**known, "outcome": "declined", "amount_cents": 100, "device_id": "t1", **more}


def encoded(body: object) -> bytes:
    return msgspec.json.encode(body)


CLOUD = {
    "specversion": "1.0",
    "id": "1",
    "source": "/t1",
    "type": "com.tillwatch.heartbeat",
    "time": "2026-11-24T00:00:00Z",
    "subject": "t1",
}


@pytest.mark.parametrize(
    "body",
    [beat(), attempt(), CLOUD, {"schema": "tillwatch.events.v1", "events": [beat(), attempt()]}],
    ids=["a fact", "a payment", "a cloud event", "packed"],
)
def test_what_a_device_may_say_becomes_facts(body: dict[str, object]) -> None:
    translation = translate_device_message(encoded(body), KINDS, "t1")
    assert translation.facts
    assert translation.refused == ()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (beat(subject="t2"), "speaks of 't2'"),
        (attempt(device_id="t2"), "speaks of 'pay_1'"),
        (attempt(device_id=""), "speaks of 'pay_1'"),
        (CLOUD | {"subject": "t2"}, "speaks of 't2'"),
        ({"kind": "deployment", "id": "d", "at_ms": NOW_MS, "subject": "t1", "status": "failed"}, "may not carry"),
        (CLOUD | {"type": "com.tillwatch.health.probed", "data": {"status": "healthy"}}, "may not carry"),
        (beat(at_ms=0), "at_ms"),
        (beat(kind="from.tomorrow"), "from.tomorrow"),
        ({"hello": 1}, "neither a fact"),
        ([], "Expected"),
    ],
)
def test_anything_else_is_refused_with_its_reason(body: object, why: str) -> None:
    with pytest.raises(Untranslatable, match=why):
        translate_device_message(encoded(body), KINDS, "t1")


def test_one_bad_fact_of_a_packed_message_is_refused_alone() -> None:
    body = {"schema": "tillwatch.events.v1", "events": [beat(), beat(id="b2", subject="t2"), {"kind": "x"}]}
    translation = translate_device_message(encoded(body), KINDS, "t1")
    assert [fact.id for fact in translation.facts] == ["b1"]
    assert len(translation.refused) == 2


def test_a_topic_that_names_no_device_may_speak_of_any() -> None:
    assert translate_device_message(encoded(beat(subject="t2")), KINDS, "").facts


@pytest.mark.parametrize("body", [b"x" * 1_048_577, b"[" * 100_000, b"\xff", b""])
def test_what_is_no_message_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(Untranslatable):
        translate_device_message(body, KINDS, "t1")


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_become_facts_or_be_refused(body: bytes) -> None:
    try:
        translation = translate_device_message(body, KINDS, "t1")
    except Untranslatable:
        return
    assert all(fact.subject for fact in translation.facts)


@pytest.mark.parametrize(
    ("topic", "topic_filter", "device"),
    [
        ("terminals/t1/events", "terminals/+/events", "t1"),
        ("eu/terminals/t1", "+/terminals/+", "eu"),
        ("a/b", "a/b", ""),
        ("a/b/c", "a/#", ""),
        ("a//c", "a/+/c", ""),
    ],
)
def test_the_device_is_where_the_filter_has_its_first_plus(topic: str, topic_filter: str, device: str) -> None:
    assert device_of(topic, topic_filter) == device
