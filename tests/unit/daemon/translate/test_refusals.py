"""What cannot be used is refused with a plain reason, and nothing else happens."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts import kind_of
from daemon.errors import Untranslatable
from daemon.translate.message import MAX_BODY_BYTES, MAX_EVENTS, translate
from daemon.translate.money import microcents, microcents_from_dollars

EVENTS = Path(__file__).parents[3] / "data" / "events"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(EVENTS.glob("*.json"))}


def changed(name: str, *path: str, value: object) -> bytes:
    event: Any = msgspec.json.decode(SAMPLES[name])
    place = event
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return msgspec.json.encode(event)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_message_is_refused(name: str, part: float) -> None:
    body = SAMPLES[name]
    with pytest.raises(Untranslatable):
        translate(body[: int(len(body.strip()) * part)])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "truncated"),
        (b"hello", "malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "It is neither packed events"),
        (b'{"schema":"tillwatch.events.v2","events":[]}', r"Invalid enum value 'tillwatch.events.v2' - at `\$.schema`"),
        (b'{"schema":"tillwatch.events.v1"}', "missing required field `events`"),
        (b'{"schema":"tillwatch.events.v1","events":7}', r"Expected `array`, got `int` - at `\$.events`"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b" " * (MAX_BODY_BYTES + 1), "the limit is 1048576"),
        (changed("cloudwatch_alarm", "detail", "state", "value", value="BAD"), r"at `\$.detail.state.value`"),
        (changed("cloudwatch_alarm", "detail", "alarmName", value=7), r"at `\$.detail.alarmName`"),
        (changed("cloudwatch_alarm", "detail", "state", "timestamp", value="noon"), "not an ISO 8601 time"),
        (changed("guardduty_finding", "time", value="2026-04-05T07:31:02"), "no offset from UTC"),
        (changed("guardduty_finding", "source", value="evil.corp"), "comes from aws.guardduty"),
        (changed("cost_anomaly", "detail", "impact", "totalActualSpend", value="1e999"), "not an amount of money"),
        (changed("tillwatch_deployment", "detail", "deployment_id", value=""), "deployment_id is missing"),
        (changed("budget_sns", "Message", value="AWS Budget Notification\nhello"), "no line 'Budget Name'"),
        (changed("budget_sns", "Message", value=SAMPLES["budget_sns"].decode()), "It is neither packed events"),
        (changed("budget_sns", "Message", value="plain words"), "malformed"),
    ],
)
def test_a_message_that_cannot_be_used_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Untranslatable, match=reason):
        translate(body)


def test_more_events_than_the_limit_are_refused() -> None:
    event = msgspec.json.encode({"kind": "heartbeat", "id": "h", "at_ms": 1, "subject": "s"})
    body = b'{"schema":"tillwatch.events.v1","events":[' + b",".join([event] * (MAX_EVENTS + 1)) + b"]}"
    with pytest.raises(Untranslatable, match=f"It holds {MAX_EVENTS + 1} events"):
        translate(body)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "packed_events"])
def test_an_event_of_another_account_is_refused_when_ours_is_known(name: str) -> None:
    own = "111122223333" if b"111122223333" in SAMPLES[name] else "123456789012"
    assert translate(SAMPLES[name], own).facts
    with pytest.raises(Untranslatable, match="which is not ours"):
        translate(SAMPLES[name], "999999999999")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            changed("cloudwatch_alarm", "detail-type", value="AWS API Call via CloudTrail"),
            "AWS API Call via CloudTrail",
        ),
        (changed("budget_sns", "Type", value="SubscriptionConfirmation"), "SNS SubscriptionConfirmation"),
    ],
)
def test_a_sound_message_about_something_else_is_ignored_not_refused(body: bytes, why: str) -> None:
    translation = translate(body)
    assert translation.facts == ()
    assert translation.refused == ()
    assert why in translation.ignored


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"kind": "from.tomorrow", "id": "b"}, "Invalid value 'from.tomorrow'"),
        ({"kind": "heartbeat", "id": "b", "subject": "s"}, "missing required field `at_ms`"),
        ({"kind": "heartbeat", "id": "", "at_ms": 1, "subject": "s"}, "id has 0 characters"),
        ({"kind": "heartbeat", "id": "b", "at_ms": -1, "subject": "s"}, "at_ms is not"),
        ({"kind": "heartbeat", "id": "b", "at_ms": 10**16, "subject": "s"}, "at_ms is not"),
        ({"kind": "heartbeat", "id": "b", "at_ms": 1, "subject": "s", "sequence": -1}, "sequence is not"),
        ({"kind": "refund", "id": "b", "at_ms": 1, "subject": "s", "rail": "card", "status": "failed",
          "amount_cents": -5}, "amount_cents is negative"),
        ({"kind": "cost.line", "id": "b", "at_ms": 1, "subject": "s", "source": "export",
          "amount_microcents": 1}, "A packed message may not carry cost.line"),
        ({"kind": "deployment", "id": "b", "at_ms": 1, "subject": "s", "status": "started"},
         "A packed message may not carry deployment"),
        ({"kind": "health.probed", "id": "b", "at_ms": 1, "subject": "database", "status": "unhealthy"},
         "A packed message may not carry health.probed"),
        ({"kind": "payment.requested", "id": "b", "at_ms": 1, "subject": "s", "rail": "card", "amount_cents": 1,
          "chargeback_count": 2**70}, "chargeback_count is negative or too large"),
        ({"kind": "payment.requested", "id": "b", "at_ms": 1, "subject": "s", "rail": "card", "amount_cents": 1,
          "latitude_microdegrees": -2**70}, "latitude_microdegrees is negative or too large"),
        ({"kind": "ach.return_rate", "id": "b", "at_ms": 1, "subject": "overall", "family": "overall", "ratio": -0.1,
          "returned": 1, "originated": 10}, "ratio is negative or too large"),
    ],
)  # fmt: skip
def test_one_bad_event_of_a_packed_message_does_not_take_the_others_with_it(
    event: dict[str, object], reason: str
) -> None:
    good = [{"kind": "heartbeat", "id": name, "at_ms": 1, "subject": "s"} for name in ("a", "c")]
    body = {"schema": "tillwatch.events.v1", "events": [good[0], event, good[1]]}
    translation = translate(msgspec.json.encode(body))
    assert [fact.id for fact in translation.facts] == ["a", "c"]
    (refused,) = translation.refused
    assert reason in refused.what
    assert msgspec.json.decode(refused.body)["kind"] == event["kind"]


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "health.probed", "subject": "encryption", "status": "unhealthy", "detail": "KeyDisabled"},
        {"kind": "payment.requested", "subject": "pay_1", "rail": "ach", "amount_cents": 9, "bin_of_tomorrow": "42"},
        {"kind": "payment.requested", "subject": "pay_1", "rail": "card", "amount_cents": 9,
         "latitude_microdegrees": -33_865_143, "longitude_microdegrees": -70_648_270},
        {"kind": "payout.requested", "subject": "po_1", "rail": "ach", "amount_cents": 9},
        {"kind": "dispute", "subject": "dp_1", "rail": "card", "amount_cents": 9, "status": "needs_response"},
        {"kind": "ach.returned", "subject": "ent_1", "direction": "debit", "code": "R10", "family": "unauthorized"},
        {"kind": "ach.return_rate", "subject": "overall", "family": "overall", "ratio": 0.01, "returned": 1,
         "originated": 100},
        {"kind": "object.changed", "subject": "esc_1", "object": "escrow", "status": "funded", "added": {"later": 1}},
        {"kind": "cost.line", "subject": "ach_file", "source": "measured", "amount_microcents": 25_000_000},
    ],
)  # fmt: skip
def test_what_a_payment_core_tells_is_a_fact_also_with_fields_that_this_release_does_not_know(
    event: dict[str, object],
) -> None:
    body = {"schema": "tillwatch.events.v1", "events": [event | {"id": "a", "at_ms": 1, "sequence": 3}]}
    translation = translate(msgspec.json.encode(body))
    assert translation.refused == ()
    (fact,) = translation.facts
    assert (kind_of(type(fact)), fact.subject, fact.sequence) == (event["kind"], event["subject"], 3)


@given(st.binary() | st.text().map(lambda text: text.encode(errors="surrogatepass")))
def test_arbitrary_bytes_are_translated_or_refused_and_nothing_else(body: bytes) -> None:
    with suppress(Untranslatable):
        translate(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_a_known_event_with_anything_in_it_is_storable_or_refused(data: st.DataObject) -> None:
    event: Any = msgspec.json.decode(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))])
    place = event
    while True:
        if isinstance(place, list):
            key: Any = data.draw(st.integers(0, len(place) - 1))
        else:
            key = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JSON)
        break
    try:
        translation = translate(msgspec.json.encode(event))
    except Untranslatable:
        return
    assert msgspec.msgpack.encode(translation.facts)


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=8))
def test_money_of_eight_places_is_exact(amount: Decimal) -> None:
    assert Decimal(microcents(amount, "x")) == amount * 100_000_000


@given(st.integers(0, 10**12))
def test_a_written_amount_of_cents_is_read_back(cents: int) -> None:
    assert microcents_from_dollars(f"${cents // 100:,}.{cents % 100:02d}", "x") == cents * 1_000_000
