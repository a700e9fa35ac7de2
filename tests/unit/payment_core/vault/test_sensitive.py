"""Numbers are checked when they are made, and no way of printing or encoding shows one."""

import copy
import json
import pickle
import traceback
from dataclasses import asdict, replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.vault.errors import MalformedNumber
from payment_core.vault.numbers.brands import brand_of
from payment_core.vault.numbers.instruments import BankAccount, Card, bank_account_of, card_of
from payment_core.vault.numbers.problems import AccountProblem, CardProblem, account_sentence, card_sentence
from payment_core.vault.numbers.sensitive import AccountNumber, Cvc, Pan, Sensitive
from tests.unit.payment_core.vault.vault_world import ACCOUNT, NOW_MS, PAN, ROUTING, bank_account, card, pan_number


def full_width(digits: str) -> str:
    """The same digits as East Asian keyboards write them."""
    return "".join(chr(ord(digit) + 0xFEE0) for digit in digits)


SECRETS: list[tuple[Sensitive, str, str]] = [
    (Pan(PAN), PAN, "411111******1111"),
    (Pan("378282246310005"), "378282246310005", "378282*****0005"),
    (AccountNumber(ACCOUNT), ACCOUNT, "****6789"),
    (Cvc("737"), "737", "****"),
]


@pytest.mark.parametrize(("secret", "text", "shown"), SECRETS)
def test_every_way_of_printing_is_masked(secret: Sensitive, text: str, shown: str) -> None:
    printed = [repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{secret:>30}", "%s" % secret, repr([secret])]  # noqa: UP031  # this is one of the ways
    assert all(shown in line for line in printed)
    assert not any(text in line for line in printed)


@pytest.mark.parametrize(("secret", "text", "shown"), SECRETS)
def test_no_encoder_takes_one(secret: Sensitive, text: str, shown: str) -> None:
    del text, shown
    for encode in (msgspec.json.encode, msgspec.msgpack.encode, json.dumps, pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            encode(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode({"nested": [secret]})
    with pytest.raises(TypeError):
        secret.__getstate__()
    assert not hasattr(secret, "__dict__")


def test_reveal_is_the_door() -> None:
    assert Pan(PAN).reveal() == PAN
    assert AccountNumber(ACCOUNT).reveal() == ACCOUNT
    assert Cvc("1234").reveal() == "1234"


def test_equal_numbers_are_equal_and_none_has_a_hash() -> None:
    assert Pan(PAN) == Pan(PAN)
    assert Pan(PAN) != Pan("5555555555554444")
    assert Pan(PAN) != PAN
    assert AccountNumber("737") != Cvc("737")
    with pytest.raises(TypeError):
        hash(Pan(PAN))


def test_what_holds_a_number_neither_prints_nor_gives_it_away() -> None:
    whole = card(holder="Ada Lovelace")
    assert PAN not in repr(whole)
    assert "Ada" not in repr(whole)
    assert ACCOUNT not in repr(bank_account())
    for instrument in (whole, bank_account()):
        with pytest.raises(TypeError):
            msgspec.json.encode(instrument)
        with pytest.raises(TypeError):
            asdict(instrument)
    assert replace(whole, expiry_month=1).pan == whole.pan


@pytest.mark.parametrize(
    "text", ["4111111111111112", "41111111111111119999", "4111-1111", full_width("4111111111111111")]
)
def test_an_error_never_holds_the_number(text: str) -> None:
    with pytest.raises(MalformedNumber) as caught:
        Pan(text)
    assert text not in "".join(traceback.format_exception(caught.value)).replace(f'Pan("{text}")', "")
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", CardProblem.NOT_DIGITS),
        ("4111 1111 1111 111x", CardProblem.NOT_DIGITS),
        (full_width("4111111111111111"), CardProblem.NOT_DIGITS),
        ("4111.1111.1111.1111", CardProblem.NOT_DIGITS),
        ("411111111111", CardProblem.LENGTH),
        ("41111111111111", CardProblem.LENGTH),
        ("37828224631000", CardProblem.LENGTH),
        ("41111111111111111111", CardProblem.LENGTH),
        ("4111111111111112", CardProblem.CHECK_DIGIT),
        ("0000000000000000", CardProblem.CHECK_DIGIT),
    ],
)
def test_each_problem_of_a_card_number_is_named(text: str, problem: CardProblem) -> None:
    assert Pan.parse(text) is problem


@pytest.mark.parametrize("text", [PAN, "4111 1111 1111 1111", "4111-1111-1111-1111", " 4111111111111111 "])
def test_a_card_number_may_be_written_in_groups(text: str) -> None:
    assert Pan.parse(text) == Pan(PAN)


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4111111111111111", "visa"),
        ("4222222222222", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("2720999999999996", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "discover"),
        ("3530111333300000", "jcb"),
        ("30569309025904", "diners"),
        ("36227206271667", "diners"),
        ("6200000000000005", "unionpay"),
        ("6759649826438453", "maestro"),
        ("9999999999999995", "unknown"),
    ],
)
def test_the_brand_is_read_from_the_first_digits(number: str, brand: str) -> None:
    pan = Pan(number)
    assert pan.brand.name == brand
    assert pan.bin6 == number[:6]
    assert pan.last4 == number[-4:]


@pytest.mark.parametrize(
    ("digits", "brand"), [("2220", "unknown"), ("2221", "mastercard"), ("2720", "mastercard"), ("2721", "unknown")]
)
def test_ranges_include_their_ends(digits: str, brand: str) -> None:
    assert brand_of(f"{digits}000000000000").name == brand


@settings(max_examples=50)
@given(serial=st.integers(0, 999_999_999), digit=st.integers(0, 14), change=st.integers(1, 9))
def test_a_mistyped_digit_is_always_found(serial: int, digit: int, change: int) -> None:
    number = pan_number(serial)
    assert isinstance(Pan.parse(number), Pan)
    wrong = f"{number[:digit]}{(int(number[digit]) + change) % 10}{number[digit + 1 :]}"
    assert isinstance(Pan.parse(wrong), CardProblem)


@settings(max_examples=100)
@given(st.text(max_size=24))
def test_parsing_gives_a_number_or_a_problem_and_never_raises(text: str) -> None:
    assert isinstance(Pan.parse(text), Pan | CardProblem)
    assert isinstance(AccountNumber.parse(text), AccountNumber | AccountProblem)
    assert isinstance(Cvc.parse(text), Cvc | CardProblem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", AccountProblem.LENGTH),
        ("1" * 18, AccountProblem.LENGTH),
        ("12 34", AccountProblem.CHARACTERS),
        ("--", AccountProblem.CHARACTERS),
        (full_width("1234"), AccountProblem.CHARACTERS),
        ("12;34", AccountProblem.CHARACTERS),
    ],
)
def test_each_problem_of_an_account_number_is_named(text: str, problem: AccountProblem) -> None:
    assert AccountNumber.parse(text) is problem
    with pytest.raises(MalformedNumber):
        AccountNumber(text)


@pytest.mark.parametrize(
    ("number", "last4"),
    [("1", ""), ("1234", ""), ("12345", "5"), ("123456", "56"), ("12345678", "5678"), ("1" * 17, "1111")],
)
def test_a_short_account_number_keeps_four_characters_hidden(number: str, last4: str) -> None:
    assert AccountNumber(number).last4 == last4


def test_an_account_number_has_one_spelling() -> None:
    assert AccountNumber("12-ab").normalized() == AccountNumber("12AB").normalized() == "12AB"


@pytest.mark.parametrize("text", ["", "12", "12345", "12a", full_width("123")])
def test_a_verification_code_has_three_or_four_digits(text: str) -> None:
    assert Cvc.parse(text) is CardProblem.CVC
    with pytest.raises(MalformedNumber):
        Cvc(text)


@pytest.mark.parametrize(
    ("month", "year", "holder", "problem"),
    [
        (0, 2027, None, CardProblem.EXPIRY_MONTH),
        (13, 2027, None, CardProblem.EXPIRY_MONTH),
        (12, 27, None, CardProblem.EXPIRY_MONTH),
        (10, 2026, None, CardProblem.EXPIRED),
        (1, 2047, None, CardProblem.EXPIRY_TOO_FAR),
        (12, 2027, " ", CardProblem.HOLDER),
        (12, 2027, "x" * 65, CardProblem.HOLDER),
        (12, 2027, PAN, CardProblem.HOLDER),
    ],
)
def test_each_problem_of_a_card_is_named(month: int, year: int, holder: str | None, problem: CardProblem) -> None:
    made = card_of(number=PAN, expiry_month=month, expiry_year=year, holder=holder, now_ms=NOW_MS)
    assert made is problem


def test_a_card_is_good_to_the_end_of_its_month() -> None:
    made = card_of(number=PAN, expiry_month=11, expiry_year=2026, now_ms=NOW_MS)
    assert made == Card(Pan(PAN), 11, 2026)


@pytest.mark.parametrize("routing", ["000000000", "021000022", "02100002", "0210 00021", full_width("021000021"), ""])
def test_a_wrong_routing_number_is_refused(routing: str) -> None:
    made = bank_account_of(routing_number=routing, account_number=ACCOUNT, account_type="checking")
    assert made is AccountProblem.ROUTING


def test_a_bank_account_is_made_of_what_was_typed() -> None:
    made = bank_account_of(routing_number=f" {ROUTING} ", account_number=f" {ACCOUNT} ", account_type="savings")
    assert made == BankAccount(ROUTING, AccountNumber(ACCOUNT), "savings")
    assert bank_account_of(routing_number=ROUTING, account_number="", account_type="savings") is AccountProblem.LENGTH


def test_every_problem_has_a_sentence() -> None:
    sentences = [card_sentence(problem) for problem in CardProblem]
    sentences += [account_sentence(problem) for problem in AccountProblem]
    assert len(set(sentences)) == len(CardProblem) + len(AccountProblem)
