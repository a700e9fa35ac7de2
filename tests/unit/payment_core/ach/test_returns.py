"""Return and change codes: complete, with an action each, and their corrected data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.ach.codes.changes import CHANGE_CODES, Correction, format_corrected_data, parse_corrected_data
from payment_core.ach.codes.returns import (
    RETURN_CODES,
    ReturnAction,
    ReturnFamily,
    ReturnStage,
    Timeframe,
    return_code,
    stage_of,
)
from payment_core.ach.errors import FieldInvalid
from payment_core.ach.records.addenda import CONTESTED_CODES, DISHONORED_CODES, REFUSED_CODES

ACTIONS = {
    ReturnAction.RETRY: "R01 R09",
    ReturnAction.DISABLE_ACCOUNT: "R02 R03 R04 R12 R13 R20 R28",
    ReturnAction.DISPUTE_LOST: "R05 R07 R10 R11 R29 R51",
    ReturnAction.HOLD_AND_CONTACT: "R08 R38 R52",
    ReturnAction.FREEZE_COMPLIANCE: "R14 R15 R16 R23",
    ReturnAction.PAGE: "R17 R18 R19 R21 R22 R24 R25 R26 R27",
}
ACCOUNTS = st.text("0123456789ABCDEFGH-", min_size=1, max_size=17)
ROUTING_NUMBERS = st.sampled_from(["231380104", "091000019", "121042882"])
NAMES = st.text("ABCDEFGHIJ", min_size=1, max_size=22)
CODES = st.sampled_from([22, 27, 32, 37, 52])
CORRECTIONS = {
    "C01": st.builds(Correction, account_number=ACCOUNTS),
    "C02": st.builds(Correction, routing_number=ROUTING_NUMBERS),
    "C03": st.builds(Correction, routing_number=ROUTING_NUMBERS, account_number=ACCOUNTS),
    "C04": st.builds(Correction, receiver_name=NAMES),
    "C05": st.builds(Correction, transaction_code=CODES),
    "C06": st.builds(Correction, account_number=ACCOUNTS, transaction_code=CODES),
    "C07": st.builds(Correction, routing_number=ROUTING_NUMBERS, account_number=ACCOUNTS, transaction_code=CODES),
    "C09": st.builds(Correction, identification=NAMES),
}


@pytest.mark.parametrize(("action", "codes"), ACTIONS.items())
def test_each_action_has_its_codes(action: ReturnAction, codes: str) -> None:
    assert sorted(code for code, known in RETURN_CODES.items() if known.action is action) == codes.split()


def test_the_table_has_every_code_in_use() -> None:
    numbers = [*range(1, 48), 50, 51, 52, 53, 61, 62, *range(67, 78), *range(80, 86), 90]
    assert sorted(RETURN_CODES) == [f"R{number:02d}" for number in numbers]
    assert all(known.code == code for code, known in RETURN_CODES.items())


def test_families_are_those_that_the_return_rate_limits_count() -> None:
    by_family = {
        family: {code for code, known in RETURN_CODES.items() if known.family is family} for family in ReturnFamily
    }
    assert by_family[ReturnFamily.UNAUTHORIZED] == {"R05", "R07", "R10", "R11", "R29", "R51"}
    assert by_family[ReturnFamily.ADMINISTRATIVE] == {"R02", "R03", "R04"}


def test_consumers_have_sixty_days_for_unauthorized_debits_and_companies_two() -> None:
    assert {
        RETURN_CODES[code].timeframe for code in ("R05", "R07", "R10", "R11", "R37", "R38", "R51", "R52", "R53")
    } == {Timeframe.SIXTY_CALENDAR_DAYS}
    assert RETURN_CODES["R29"].timeframe is Timeframe.TWO_BANKING_DAYS
    assert RETURN_CODES["R01"].timeframe is Timeframe.TWO_BANKING_DAYS


def test_the_stage_of_a_code_agrees_with_the_layout_it_is_read_in() -> None:
    stages = {stage: {code for code, known in RETURN_CODES.items() if known.stage is stage} for stage in ReturnStage}
    assert stages[ReturnStage.DISHONORED] == DISHONORED_CODES
    assert stages[ReturnStage.CONTESTED] == CONTESTED_CODES
    assert {code for code, known in CHANGE_CODES.items() if known.refusal} == REFUSED_CODES


@pytest.mark.parametrize(
    ("codes", "stage"),
    [
        ("R01 R60", ReturnStage.RETURN),
        ("R61 R63 R70", ReturnStage.DISHONORED),
        ("R71 R74 R77", ReturnStage.CONTESTED),
        ("R78 R99", ReturnStage.RETURN),
    ],
)
def test_whose_answer_a_code_is_goes_by_its_number_also_where_no_table_has_it(codes: str, stage: ReturnStage) -> None:
    assert {stage_of(code) for code in codes.split()} == {return_code(code).stage for code in codes.split()} == {stage}


def test_a_return_is_dishonored_within_five_banking_days() -> None:
    dishonored = {known.timeframe for known in RETURN_CODES.values() if known.stage is ReturnStage.DISHONORED}
    assert dishonored == {Timeframe.FIVE_BANKING_DAYS}


def test_a_code_in_no_table_becomes_a_case_and_not_a_crash() -> None:
    assert return_code("R99").action is ReturnAction.PARSE_AND_CASE
    assert return_code("").action is ReturnAction.PARSE_AND_CASE


@given(st.data(), st.sampled_from(list(CORRECTIONS)))
@settings(deadline=None)
def test_a_correction_comes_back_from_its_corrected_data(data: st.DataObject, code: str) -> None:
    correction = data.draw(CORRECTIONS[code])
    written = format_corrected_data(code, correction)
    assert len(written) <= 29
    assert parse_corrected_data(code, written) == correction


@pytest.mark.parametrize(
    ("code", "data", "expected"),
    [
        ("C03", "091000019   00987654321", Correction(routing_number="091000019", account_number="00987654321")),
        ("C03", "091000019 00987654321", Correction(routing_number="091000019", account_number="00987654321")),
        (
            "C03",
            "091000019           00987654321"[:29],
            Correction(routing_number="091000019", account_number="009876543"),
        ),
        ("C06", "00987654321         32", Correction(account_number="00987654321", transaction_code=32)),
        ("C06", "00987654321 32", Correction(account_number="00987654321", transaction_code=32)),
        (
            "C07",
            "091000019009876543 32",
            Correction(routing_number="091000019", account_number="009876543", transaction_code=32),
        ),
        ("C01", "12 34", Correction(account_number="12 34")),
        ("C03", "091000019   12 34", None),  # a gap in an account that shares its data is another column
        ("C13", "", Correction()),
        ("C02", "091000018", None),
        ("C02", "", None),
        ("C05", "99", None),
        ("C01", "", None),
        ("C03", "00987654321", None),
        ("C99", "1", None),
    ],
)
def test_corrected_data_is_read_where_banks_put_it(code: str, data: str, expected: Correction | None) -> None:
    assert parse_corrected_data(code, data) == expected


@given(
    st.sampled_from([*CHANGE_CODES, "C99"]), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=29)
)
@settings(deadline=None)
def test_any_corrected_data_gives_what_the_code_corrects_or_nothing(code: str, data: str) -> None:
    correction = parse_corrected_data(code, data)
    if correction is not None:
        named = {name for name in Correction.__struct_fields__ if getattr(correction, name) is not None}
        assert named == set(CHANGE_CODES[code].corrects)


def test_a_correction_keeps_the_account_number_out_of_its_repr() -> None:
    assert repr(Correction(account_number="00987654321")) == "Correction(account_number)"


@pytest.mark.parametrize(
    ("code", "correction"),
    [("C01", Correction()), ("C01", Correction(account_number="1" * 18)), ("C99", Correction(account_number="1"))],
)
def test_a_correction_that_does_not_fit_its_code_is_refused(code: str, correction: Correction) -> None:
    with pytest.raises(FieldInvalid):
        format_corrected_data(code, correction)
