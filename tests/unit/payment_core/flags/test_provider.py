"""Any OpenFeature client over our flags: values, reasons and errors as OpenFeature has them, and events of changes."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent

from payment_core.flags import compile_document
from payment_core.flags.provider import FlagProvider

Json = Any
RULE = {"if": [{"==": [{"var": "country"}, "DE"]}, "new"]}
DOCUMENT: Json = {
    "flags": {
        "switch": {
            "state": "ENABLED",
            "variants": {"new": True, "old": False},
            "defaultVariant": "old",
            "targeting": RULE,
        },
        "count": {"state": "ENABLED", "variants": {"new": 3, "old": 2}, "defaultVariant": "old", "targeting": RULE},
        "share": {"state": "ENABLED", "variants": {"new": 0.5, "old": 2}, "defaultVariant": "old", "targeting": RULE},
        "words": {"state": "ENABLED", "variants": {"new": "n", "old": "o"}, "defaultVariant": "old", "targeting": RULE},
        "shape": {
            "state": "ENABLED",
            "variants": {"new": {"a": 1}, "old": {}},
            "defaultVariant": "old",
            "targeting": RULE,
        },
        "asleep": {"state": "DISABLED", "variants": {"new": True}, "defaultVariant": "new"},
        "open": {"state": "ENABLED", "variants": {"new": True}},
        "side": {
            "state": "ENABLED",
            "variants": {"new": True, "old": False},
            "targeting": {"fractional": [["new", 1], ["old", 1]]},
        },
        "huge": {"state": "ENABLED", "variants": {"new": 10**400}, "defaultVariant": "new"},
    }
}
GERMANY = EvaluationContext("customer-1", {"country": "DE"})


@pytest.fixture
def provider() -> FlagProvider:
    return FlagProvider(compile_document(DOCUMENT))


@pytest.fixture
def client(provider: FlagProvider) -> Iterator[OpenFeatureClient]:
    api.set_provider(provider, "flags-of-a-test")
    yield api.get_client("flags-of-a-test")
    api.clear_providers()
    api.shutdown()


def test_a_client_gets_values_of_every_type(client: OpenFeatureClient) -> None:
    assert client.get_boolean_value("switch", False, GERMANY) is True
    assert client.get_integer_value("count", 0, GERMANY) == 3
    assert client.get_float_value("share", 9.5, GERMANY) == 0.5
    assert repr(client.get_float_value("share", 9.5)) == "2.0"
    assert client.get_string_value("words", "", GERMANY) == "n"
    assert client.get_object_value("shape", {}, GERMANY) == {"a": 1}


async def test_a_client_that_waits_gets_the_same(client: OpenFeatureClient) -> None:
    assert await client.get_boolean_value_async("switch", False, GERMANY) is True
    assert await client.get_integer_value_async("count", 0, GERMANY) == 3
    assert await client.get_float_value_async("share", 9.5, GERMANY) == 0.5
    assert await client.get_string_value_async("words", "", GERMANY) == "n"
    assert await client.get_object_value_async("shape", {}, GERMANY) == {"a": 1}


@pytest.mark.parametrize(
    ("flag", "context", "expected"),
    [
        ("switch", GERMANY, (True, "new", "TARGETING_MATCH", None)),
        ("switch", None, (False, "old", "DEFAULT", None)),
        ("asleep", None, (True, None, "DISABLED", None)),
        ("open", None, (True, None, "DEFAULT", None)),
        ("absent", None, (True, None, "ERROR", "FLAG_NOT_FOUND")),
        ("words", None, (True, None, "ERROR", "TYPE_MISMATCH")),
    ],
)
def test_the_details_are_in_the_words_of_openfeature(
    client: OpenFeatureClient, flag: str, context: EvaluationContext | None, expected: Json
) -> None:
    found = client.get_boolean_details(flag, True, context)
    code = None if found.error_code is None else found.error_code.value
    assert (found.value, found.variant, found.reason, code) == expected


def test_a_number_is_a_whole_one_only_where_it_is_and_a_boolean_is_none(client: OpenFeatureClient) -> None:
    assert client.get_integer_value("share", 7, GERMANY) == 7
    assert client.get_integer_value("switch", 7) == 7
    assert client.get_float_value("switch", 7.5) == 7.5
    huge = client.get_float_details("huge", 7.5)
    assert (huge.value, huge.error_message) == (7.5, "variant 'new' is too large")


def test_the_targeting_key_is_the_clients_and_no_attribute_can_take_its_place(client: OpenFeatureClient) -> None:
    keys = [f"customer-{number}" for number in range(20)]
    sides = {key: client.get_boolean_value("side", False, EvaluationContext(key)) for key in keys}
    assert set(sides.values()) == {True, False}
    other = {"targetingKey": next(key for key in keys if sides[key])}
    for key in keys:
        assert client.get_boolean_value("side", False, EvaluationContext(key, other)) is sides[key]
    assert client.get_boolean_details("side", False, EvaluationContext(None, other)).reason == "DEFAULT"


def test_a_new_document_is_served_from_the_next_question_on_and_told_with_what_it_changed(
    client: OpenFeatureClient, provider: FlagProvider
) -> None:
    heard: list[EventDetails] = []
    arrived = threading.Event()

    def listen(details: EventDetails) -> None:
        heard.append(details)
        arrived.set()

    client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, listen)
    before = compile_document(DOCUMENT)
    provider.serve(before)
    killed = {**DOCUMENT["flags"]["switch"], "targeting": None}
    provider.serve(compile_document({"flags": {**DOCUMENT["flags"], "switch": killed}}, previous=before))
    assert client.get_boolean_value("switch", True, GERMANY) is False
    assert arrived.wait(10)
    assert [details.flags_changed for details in heard] == [["switch"]]
    assert heard[0].provider_name == "tillwatch"
