"""One field of each golden file is changed, and the reader says which rule that breaks."""

from collections.abc import Callable

import pytest

from payment_core.ach.problems import ErrorCode
from payment_core.ach.reading.profiles import TOLERATED_BY_PROFILE, Profile
from payment_core.ach.reading.reader import read
from tests.unit.payment_core.ach.samples import SAMPLES, path

Change = Callable[[str], str]
RECEIVER_NAME, CORPORATE_NAME = (55, 76), (59, 74)
MOVED_MONEY = "debit_total_mismatch credit_total_mismatch amount_must_be_zero"


def put(value: str) -> Change:
    return lambda old: f"{value:<{len(old)}}"


def up(old: str) -> str:
    """Another number of the same width."""
    return f"{(int(old) + 1) % 10 ** len(old):0{len(old)}d}"


def flip(old: str) -> str:
    return "0" if old == "1" else "1"


def routing(old: str) -> str:
    return "09100001" + "9" if old[:8] != "09100001" else "231380104"


# record type, first and last position, change, codes of which one must be reported
MUTATIONS: dict[str, tuple[str, int, int, Change, str]] = {
    "priority code": ("1", 2, 3, put("02"), "field_constant"),
    "record size": ("1", 35, 37, put("095"), "field_constant"),
    "blocking factor": ("1", 38, 39, put("20"), "field_constant"),
    "format code": ("1", 40, 40, put("2"), "field_constant"),
    "destination check digit": ("1", 13, 13, up, "routing_number_invalid"),
    "origin": ("1", 14, 23, put(""), "field_blank"),
    "creation date": ("1", 24, 29, put("261327"), "date_invalid"),
    "creation time": ("1", 30, 33, put("2460"), "time_invalid"),
    "file id modifier": ("1", 34, 34, put("-"), "field_charset"),
    "small file id modifier": ("1", 34, 34, put("a"), "field_case"),
    "service class": ("5", 2, 4, put("280"), "service_class_invalid"),
    "company name": ("5", 5, 20, put("0000"), "field_blank"),
    "company id": ("5", 41, 50, put("1234567891"), "control_header_mismatch"),
    "blank company id": ("5", 41, 50, put(""), "field_blank"),
    "entry class": ("5", 51, 53, put("XYZ"), "unsupported_sec"),
    "small entry class": ("5", 51, 53, str.lower, "field_case"),
    "description": ("5", 54, 63, put(""), "field_blank"),
    "same-day marker": ("5", 64, 69, put("SD2599"), "same_day_marker_invalid"),
    "effective date": ("5", 70, 75, put("260230"), "date_invalid"),
    "settlement day": ("5", 76, 78, put("367"), "settlement_invalid"),
    "originator status": ("5", 79, 79, put("7"), "originator_status_invalid"),
    "odfi": ("5", 80, 87, put("09100001"), "control_header_mismatch"),
    "batch number": ("5", 88, 94, up, "control_header_mismatch"),
    "batch number zero": ("5", 88, 94, put("0000000"), "batch_number_order"),
    "record type": ("6", 1, 1, put("4"), "unknown_record_type"),
    "entry before its batch": ("5", 1, 1, put("6"), "record_order"),
    "transaction code": ("6", 2, 3, put("99"), "transaction_code_invalid"),
    "zero-dollar code": ("6", 2, 3, put("24"), "transaction_code_not_allowed amount_must_be_zero"),
    "routing number": ("6", 4, 12, routing, "entry_hash_mismatch"),
    "check digit": ("6", 12, 12, up, "routing_number_invalid"),
    "zero routing number": ("6", 4, 12, put("000000000"), "routing_number_invalid"),
    "account": ("6", 13, 29, put(""), "field_blank"),
    "account not left": ("6", 13, 29, lambda old: f" {old[:-1]}", "field_alignment"),
    "amount": ("6", 30, 39, up, MOVED_MONEY),
    "amount with a point": ("6", 30, 39, put("00001234.5"), "field_not_numeric"),
    "receiver's name": ("6", 55, 76, put(""), "field_blank"),
    "addenda indicator": ("6", 79, 79, flip, "addenda_indicator_mismatch"),
    "trace of another bank": ("6", 80, 80, up, "trace_odfi_mismatch return_odfi_mismatch"),
    "accent": ("6", 60, 60, put("\xc9"), "not_ascii"),
    "control class": ("8", 2, 4, put("280"), "control_header_mismatch"),
    "entry count": ("8", 5, 10, up, "entry_addenda_count_mismatch"),
    "entry hash": ("8", 11, 20, up, "entry_hash_mismatch"),
    "debits": ("8", 21, 32, up, "debit_total_mismatch"),
    "credits": ("8", 33, 44, up, "credit_total_mismatch"),
    "control company id": ("8", 45, 54, put("X"), "control_header_mismatch"),
    "control reserved": ("8", 74, 79, put("X"), "field_reserved"),
    "control odfi": ("8", 80, 87, put("09100001"), "control_header_mismatch"),
    "control number": ("8", 88, 94, up, "control_header_mismatch"),
    "batch count": ("9", 2, 7, up, "batch_count_mismatch"),
    "block count": ("9", 8, 13, up, "block_count_mismatch"),
    "file entry count": ("9", 14, 21, up, "entry_addenda_count_mismatch"),
    "file hash": ("9", 22, 31, up, "entry_hash_mismatch"),
    "file debits": ("9", 32, 43, up, "debit_total_mismatch"),
    "file credits": ("9", 44, 55, up, "credit_total_mismatch"),
    "file reserved": ("9", 56, 94, put("X"), "field_reserved"),
}
# The same for addenda, which only these samples have.
PAYMENT_ADDENDA = {
    "addenda type": (2, 3, put("06"), "addenda_type_invalid"),
    "addenda sequence": (84, 87, put("0002"), "addenda_sequence"),
    "addenda trace": (88, 94, put("0000099"), "addenda_trace_mismatch"),
}
ANSWER_ADDENDA = {
    "answer type": (
        2,
        3,
        put("05"),
        "addenda_type_invalid addenda_missing addenda_sequence transaction_code_not_allowed",
    ),
    "answer code": (4, 6, put("?00"), "return_code_unknown change_code_unknown"),
    "original trace": (7, 21, put("0" * 15), "original_trace_invalid"),
    "original trace in letters": (7, 21, put("X"), "field_not_numeric"),
    "original rdfi": (28, 35, put("0" * 8), "routing_number_invalid"),
    "answer trace": (80, 94, put("1" * 15), "answer_trace_mismatch"),
}
ALL = [(name, label, *mutation) for name in SAMPLES for label, mutation in MUTATIONS.items()]
ALL += [(name, label, "7", *mutation) for name in ("ppd", "ccd", "ctx") for label, mutation in PAYMENT_ADDENDA.items()]
ALL += [
    (name, label, "7", *mutation)
    for name in ("returns", "cor", "dishonored", "contested")
    for label, mutation in ANSWER_ADDENDA.items()
]


def mutated(name: str, record_type: str, first: int, last: int, change: Change) -> bytes:
    """The sample with one field of its first such record changed."""
    lines = path(name).read_text("ascii").splitlines()
    index = next(number for number, line in enumerate(lines) if line[0] == record_type)
    line = lines[index]
    if (name, first, last) == ("ctx", *RECEIVER_NAME):
        first, last = CORPORATE_NAME
    lines[index] = line[: first - 1] + change(line[first - 1 : last]) + line[last:]
    assert lines[index] != line
    return ("\n".join(lines) + "\n").encode("latin-1")


@pytest.mark.parametrize(
    ("name", "label", "record_type", "first", "last", "change", "codes"), ALL, ids=[f"{row[0]}-{row[1]}" for row in ALL]
)
def test_a_changed_field_is_rejected_for_its_reason(
    name: str, label: str, record_type: str, first: int, last: int, change: Change, codes: str
) -> None:
    data = mutated(name, record_type, first, last, change)
    found = {problem.code for problem in read(data).errors}
    assert found & set(codes.split()), f"{label}: {found}"


@pytest.mark.parametrize(
    ("name", "label", "record_type", "first", "last", "change", "codes"), ALL, ids=[f"{row[0]}-{row[1]}" for row in ALL]
)
def test_lenient_tolerates_what_it_says_and_nothing_about_money(
    name: str, label: str, record_type: str, first: int, last: int, change: Change, codes: str
) -> None:
    reading = read(mutated(name, record_type, first, last, change), Profile.LENIENT)
    tolerated = TOLERATED_BY_PROFILE[Profile.LENIENT]
    assert {problem.code for problem in reading.warnings} <= tolerated
    assert not {problem.code for problem in reading.errors} & tolerated
    if not set(codes.split()) & tolerated:
        assert {problem.code for problem in reading.errors} & set(codes.split()), label


def test_there_are_at_least_thirty_mutations_of_every_sample() -> None:
    assert all(sum(row[0] == name for row in ALL) >= 30 for name in SAMPLES)


def test_every_total_is_guarded_in_lenient_too() -> None:
    guarded = {code for code in ErrorCode if code.endswith("_mismatch")} - {
        ErrorCode.RETURN_ODFI_MISMATCH,
        ErrorCode.ANSWER_TRACE_MISMATCH,
    }
    assert not guarded & TOLERATED_BY_PROFILE[Profile.LENIENT]
