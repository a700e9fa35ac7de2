"""Card numbers are refused where they come in and masked where they would come out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from checks.redaction.card_numbers import holds_card_number, mask_card_numbers


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
        "4242.4242.4242.4242",
        "4242．4242．4242．4242",  # noqa: RUF001 - full-width dots are the case
        "pan=4242.4242.4242.4242.",
        "4242.4242.4242.4242.122031",
        "3782.822463.10005",
        "3056.930902.5904",
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
        ("4242.4242.4242.4242", True),
        ("typed 4242.4242.4242.4242. Then", True),
        ("1.4242.4242.4242.4242", False),
        ("2024.4242.4242.4242.4242", False),
        ("6304.0000.0000.0000.007", True),
        ("3782.822463.10005", True),
        ("4242.4242.4242.4241", False),
        ("42.42.4242.4242.4242", False),
        ("4242..4242.4242.4242", False),
        ("4242.4242.4242.42424", False),
    ],
)
def test_a_card_number_is_found_where_it_stands_alone(text: str, *, held: bool) -> None:
    assert holds_card_number(text) is held


def groups_of(number: str, lengths: tuple[int, ...]) -> list[str]:
    ends = list(itertools.accumulate(lengths))
    return [number[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def completed(digits: str) -> str:
    """The digits with their check digit."""
    return digits + luhn.calc_check_digit(digits)


visa = st.from_regex(r"4[0-9]{14}", fullmatch=True).map(completed)
mastercard = st.from_regex(r"(5[1-5][0-9]{2}|222[1-9]|2[3-6][0-9]{2})[0-9]{11}", fullmatch=True).map(completed)
amex = st.from_regex(r"3[47][0-9]{12}", fullmatch=True).map(completed)
diners = st.from_regex(r"3[68][0-9]{11}", fullmatch=True).map(completed)
printed = st.one_of(
    st.one_of(visa, mastercard).map(lambda number: groups_of(number, (4, 4, 4, 4))),
    amex.map(lambda number: groups_of(number, (4, 6, 5))),
    diners.map(lambda number: groups_of(number, (4, 6, 4))),
)
around = st.sampled_from(["", " ", '"', "card:", "(", ")", ".", ",", "="])


@given(printed, around, around)
def test_a_number_between_dots_as_it_is_printed_is_found_and_masked(groups: list[str], before: str, after: str) -> None:
    text = f"{before}{'.'.join(groups)}{after}"
    assert holds_card_number(text)
    digits = "".join(groups)
    assert mask_card_numbers(text) == f"{before}{'*' * (len(digits) - 4)}{digits[-4:]}{after}"


small = st.integers(0, 999)
versions = st.lists(small, min_size=2, max_size=8).map(lambda parts: ".".join(map(str, parts)))
dated_versions = st.tuples(
    st.integers(1970, 2199), st.lists(st.integers(0, 9999), min_size=1, max_size=5), st.sampled_from([0, 2, 4])
).map(lambda parts: ".".join([str(parts[0]), *(f"{part:0{parts[2]}d}" for part in parts[1])]))
addresses = st.ip_addresses(v=4).map(str)
address_lists = st.lists(addresses, min_size=1, max_size=4).map(".".join)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**8, min_value=-(10**8)).map(str)
amounts = st.integers(10**12, 10**19).map(lambda cents: f"{cents:,}".replace(",", "."))
ids = st.tuples(
    st.sampled_from(["pay", "cap", "ref", "acc"]),
    st.integers(1_700_000_000_000, 1_900_000_000_000),
    st.binary(min_size=8, max_size=8),
    st.integers(1, 99),
).map(lambda parts: f"{parts[0]}_{parts[1]:011x}{parts[2].hex()}.{parts[3]}.captured")
places = st.tuples(st.integers(0, 15), st.integers(0, 10**12 - 1), st.integers(0, 999)).flatmap(
    lambda parts: st.sampled_from(
        [f"{parts[0]}.{parts[1]}", f"{parts[1]:015d}.{parts[0]:03d}.{parts[1]:012d}", f"{parts[1]:012d}.{parts[2]:03d}"]
    )
)
not_cards = st.one_of(versions, dated_versions, addresses, address_lists, decimals, amounts, ids, places)


@given(not_cards, around, around)
def test_versions_addresses_decimals_and_ids_are_no_cards_for_their_dots(text: str, before: str, after: str) -> None:
    joined = f"{before}{text}{after}"
    without_dots = text.replace(".", "_")
    if mask_card_numbers(without_dots) == without_dots:
        assert mask_card_numbers(joined) == joined
        assert not holds_card_number(joined)


@given(st.text(alphabet="0123456789.", max_size=80))
def test_what_is_held_is_masked_and_masking_twice_masks_no_more(text: str) -> None:
    shown = mask_card_numbers(text)
    assert mask_card_numbers(shown) == shown
    if holds_card_number(text):
        assert shown != text
        assert not holds_card_number(shown)
