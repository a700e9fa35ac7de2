"""Card numbers are refused where they come in and masked where they would come out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.card_numbers import holds_card_number, mask_card_numbers


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "378282246310005",
        "4\u200b242424242424242",
        "".join(chr(0xFF10 + int(digit)) for digit in "4242424242424242"),
        '"number":"4242424242424242","id":"x"',
        "994242424242424242",
    ],
)
def test_a_card_number_is_masked_however_it_is_written(text: str) -> None:
    shown = mask_card_numbers(text)
    digits = "".join(str(int(character)) for character in shown if character.isdigit())
    assert len(digits) == 4
    assert "*" in shown


@pytest.mark.parametrize(
    "text",
    ["", "at_ms 12345", "at_ms 1795462079289", "1795462079021", "123456789012", "4242 4242", "evt_00000000-1111-2222"],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert mask_card_numbers(text) == text


@given(st.text(alphabet="0123456789 -x", max_size=60))
def test_masking_keeps_everything_but_long_runs_of_digits(text: str) -> None:
    assert mask_card_numbers(mask_card_numbers(text)) == mask_card_numbers(text)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("card 4242424242424242!", True),
        ("4242 4242 4242 4242", True),
        ("".join(chr(0xFF10 + int(digit)) for digit in "378282246310005"), True),
        ("4242424242424241", False),
        ("pay_4242424242424242", True),
        ("x4242424242424242", False),
        ("4242\u200b4242\u200b4242\u20604242", True),
        ("1795462079289", False),
    ],
)
def test_a_card_number_is_found_where_it_stands_alone(text: str, *, held: bool) -> None:
    assert holds_card_number(text) is held
