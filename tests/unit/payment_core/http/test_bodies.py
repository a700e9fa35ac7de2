"""What a body may not hold, and what is said about it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.redaction.card_numbers import holds_card_number
from payment_core.answers import Answer
from payment_core.http.bodies import ascii_holds_card_number, body_holds_card_number, decode_body
from payment_core.payments.requests import CreatePayment

DECODER = msgspec.json.Decoder(CreatePayment)
GOOD = (
    '{"amount":{"amount_cents":1000,"currency":"USD"},"payment_method":"tok_visa",'
    '"customer_id":"cus_1","provider_id":"pro_1","description":"%s"}'
)
CARD = "4242424242424242"


def refusal(body: str) -> dict[str, object]:
    answer = decode_body(body.encode(), DECODER, "/v1/payments")
    assert isinstance(answer, Answer)
    document: dict[str, object] = msgspec.json.decode(answer.body)
    assert document["status"] == answer.status
    return document


@pytest.mark.parametrize(
    "written",
    [
        CARD,
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "3782.822463.10005",
        r"4242\u002e4242.4242.4242",
        "card 4242424242424242!",
        "tok_4242424242424242",
        "378282246310005",
        "6011111111111117",
        r"\u0034242424242424242",
        "４２４２４２４２４２４２４２４２",  # noqa: RUF001 - full-width digits are the case
        "é 4242424242424242",
    ],
)
def test_what_looks_like_a_card_number_is_refused_and_never_repeated(written: str) -> None:
    document = refusal(GOOD % written)
    assert document["type"] == "urn:tillwatch:problem:card-number-refused"
    assert "4242" not in str(document)


def test_a_card_number_as_a_key_or_a_number_is_refused() -> None:
    assert refusal(f'{{"{CARD}":1}}')["status"] == 422
    assert refusal(f'{{"amount":{CARD}}}')["type"] == "urn:tillwatch:problem:card-number-refused"


@pytest.mark.parametrize("harmless", ["4242424242424241", "1795461513607", "pay_1a209d8813a06d7989799b92339", "12345"])
def test_other_long_numbers_pass(harmless: str) -> None:
    assert isinstance(decode_body((GOOD % harmless).encode(), DECODER, "/"), CreatePayment)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("[]", "$"),
        ("{}", "$"),
        (GOOD.replace("1000", '"1000"') % "", "$.amount.amount_cents"),
        (GOOD.replace("1000", "10.5") % "", "$.amount.amount_cents"),
        (GOOD.replace("1000", "0") % "", "$.amount.amount_cents"),
        (GOOD.replace("1000", "100000000") % "", "$.amount.amount_cents"),
        (GOOD.replace("USD", "EUR") % "", "$.amount.currency"),
        (GOOD.replace("cus_1", "a b") % "", "$.customer_id"),
        (GOOD.replace("description", "descriptoin") % "", "$"),
    ],
)
def test_a_wrong_field_is_named_by_its_json_path(body: str, path: str) -> None:
    document = refusal(body)
    assert document["status"] == 422
    errors = document["errors"]
    assert isinstance(errors, list)
    assert [error["path"] for error in errors] == [path]


def test_what_was_sent_is_not_repeated_in_an_error() -> None:
    assert "secret" not in str(refusal(GOOD.replace("USD", "secret-value") % ""))
    assert "secret" not in str(refusal('{"secret-field":1}'))


def test_a_body_that_is_nested_too_deep_is_refused() -> None:
    for nested in ("[" * 30_000, '["\\u0041",' + "[" * 30_000, '{"amount":' * 6_000, '["é",' + '{"a":' * 10_000):
        answer = decode_body(nested.encode(), DECODER, "/v1/payments")
        assert isinstance(answer, Answer)
        assert answer.status in {400, 422}


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    answer = decode_body(body, DECODER, "/v1/payments")
    assert isinstance(answer, Answer)
    assert answer.status in {400, 422}


@given(st.text(max_size=60))
def test_looking_for_card_numbers_never_fails(text: str) -> None:
    body_holds_card_number(msgspec.json.encode({"description": text}))


@given(st.from_regex(r"[ -~]{0,10}([2-6][0-9 .-]{11,25})?[ -~]{0,10}", fullmatch=True))
def test_the_quick_look_finds_what_the_whole_search_finds(text: str) -> None:
    assert ascii_holds_card_number(text.encode("ascii")) == holds_card_number(text)
