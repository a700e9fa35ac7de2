"""The reader: bytes in any shape give a file and a list of what is wrong, with the line."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from payment_core.ach.building.normalizing import normalize
from payment_core.ach.building.writer import write
from payment_core.ach.model import AchFile
from payment_core.ach.problems import PROBLEMS_MAX, ErrorCode
from payment_core.ach.reading.lines import FILE_BYTES_MAX, LINES_MAX
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import Reading, problems_of, read
from payment_core.ach.views import file_view, summarize
from tests.unit.payment_core.ach.samples import SAMPLES, path

PPD = path("ppd").read_bytes()
LINES = PPD.decode("ascii").splitlines()
NINES = "9" * 94


def joined(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("ascii")


def codes(reading: Reading) -> set[str]:
    return {problem.code for problem in reading.errors}


def without(*indexes: int) -> bytes:
    """The PPD sample without some lines."""
    return joined([line for index, line in enumerate(LINES) if index not in indexes])


# Lines of the sample: 0 file header, 1 batch header, 2 entry, 3 entry, 4 its addenda, 5 prenote, 6 batch control,
# 7 file control, 8 and 9 padding.
STRUCTURE: list[tuple[str, bytes, str]] = [
    ("no file header", without(0), "missing_file_header"),
    ("no batch header", without(1), "record_order"),
    ("no batch control", without(6), "missing_batch_control"),
    ("no file control", without(7), "missing_file_control"),
    ("cut off in the middle", joined(LINES[:4]), "missing_file_control"),
    ("cut off in a line", PPD[:400], "line_length"),
    ("only a file header", joined(LINES[:1]), "no_batches"),
    ("no entries", without(2, 3, 4, 5), "empty_batch"),
    ("addenda without an entry", joined([*LINES[:2], LINES[4], *LINES[5:]]), "record_order"),
    ("two file headers", joined([LINES[0], *LINES]), "record_order"),
    ("a batch after the file control", joined([*LINES[:8], *LINES[1:7], *LINES[8:]]), "record_order"),
    ("padding before the file control", joined([*LINES[:7], NINES, *LINES[7:]]), "record_order"),
    ("a batch inside a batch", joined([*LINES[:3], LINES[1], *LINES[3:]]), "missing_batch_control"),
    ("a batch control twice", joined([*LINES[:7], *LINES[6:]]), "record_order"),
    (
        "a trace twice",
        PPD.replace(b"880000002\n", b"880000001\n").replace(b"00010000002", b"00010000001"),
        "trace_duplicate",
    ),
    (
        "a trace twice in two batches",
        path("mixed").read_bytes().replace(b"0121042880000002\n", b"0121042880000001\n"),
        "trace_duplicate",
    ),
    ("too much padding", joined([*LINES, *[NINES] * 10]), "block_padding"),
    ("an unknown record type", joined([*LINES[:2], "3" + LINES[2][1:], *LINES[2:]]), "unknown_record_type"),
    ("a long line", joined([LINES[0] + "X", *LINES[1:]]), "line_too_long"),
    ("a null byte", PPD.replace(b"JANE", b"JA\0E"), "not_ascii"),
    ("UTF-8", PPD.replace(b"JANE ", "JÀNE".encode()), "not_ascii"),
    ("a tab", PPD.replace(b"JANE DOE", b"JANE\tDOE"), "not_ascii"),
    ("nothing", b"", "empty_file"),
    ("blank lines", b"\n\r\n   \n", "empty_file"),
    ("an entry count beyond all records", PPD.replace(b"9000001000001", b"9999999999999"), "batch_count_mismatch"),
    ("not a NACHA file", b"<xml>hello</xml>", "unknown_record_type"),
    ("a byte order mark", b"\xef\xbb\xbf" + PPD, "not_ascii"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in STRUCTURE], ids=[row[0] for row in STRUCTURE])
def test_what_is_no_file_is_refused_in_both_profiles(data: bytes, code: str) -> None:
    assert code in codes(read(data))
    lenient = read(data, Profile.LENIENT)
    assert not lenient.valid or code in {problem.code for problem in lenient.warnings}


LENIENT: list[tuple[str, bytes, str]] = [
    ("trailing blanks trimmed", joined([line.rstrip() for line in LINES]), "line_length"),
    ("blanks beyond the record", joined([line + "   " for line in LINES]), "line_length"),
    ("no padding", joined(LINES[:8]), "block_padding"),
    ("blank lines in between", joined([*LINES[:2], "", *LINES[2:], "", ""]), "blank_line"),
    ("mixed line endings", PPD.replace(b"\n", b"\r\n", 2), "line_ending"),
    ("carriage returns alone", PPD.replace(b"\n", b"\r"), "line_ending"),
    ("a small class", PPD.replace(b"PPDPAYOUT", b"ppdPAYOUT"), "field_case"),
    (
        "unknown return code",
        path("returns").read_bytes().replace(b"799R01", b"799R98"),
        "return_code_unknown",
    ),
    ("unknown change code", path("cor").read_bytes().replace(b"798C01", b"798C55"), "change_code_unknown"),
    (
        "traces that descend",
        PPD.replace(b"0121042880000001", b"0121042880000009"),
        "trace_order",
    ),
    ("small payment type", path("web").read_bytes().replace(b"              S 0", b"              s 0"), "field_case"),
    ("a zero before the destination", PPD.replace(b"101 231380104", b"1010231380104"), "field_alignment"),
    (
        "a company id that moved in the control",
        PPD.replace(b"1234567890PPD", b"123456789 PPD").replace(b"1234567890  ", b" 123456789  "),
        "field_alignment",
    ),
    (
        "an answer whose addenda names another trace",
        path("cor").read_bytes().replace(b"      231380100000601\n", b"      231380100000999\n"),
        "answer_trace_mismatch",
    ),
    (
        "no effective date in a return",
        path("returns").read_bytes().replace(b"261130334", b"000000000"),
        "settlement_invalid",
    ),
    (
        "corrected data with a wrong check digit",
        path("cor").read_bytes().replace(b"23138010091000019  ", b"23138010091000018  "),
        "corrected_data_invalid",
    ),
    (
        "an account that is not left justified",
        PPD.replace(b"104000000000001     0", b"104 000000000001    0"),
        "field_alignment",
    ),
    ("settlement zero", PPD.replace(b"261130   1", b"2611300001"), "settlement_invalid"),
    ("an old description", path("payroll").read_bytes().replace(b"PAYROLL", b"SALARY "), "description_required"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in LENIENT], ids=[row[0] for row in LENIENT])
def test_what_banks_commonly_send_is_a_warning_in_lenient_and_an_error_in_strict(data: bytes, code: str) -> None:
    assert codes(read(data)) == {code}
    lenient = read(data, Profile.LENIENT)
    assert lenient.errors == ()
    assert {problem.code for problem in lenient.warnings} == {code}


@pytest.mark.parametrize("index", range(6))
def test_a_lenient_reading_of_the_ppd_sample_is_written_in_full_again(index: int) -> None:
    assert write(read(LENIENT[index][1], Profile.LENIENT).file) == PPD


# What only the sender can mend: who said what, when, and about which entry.
NOT_OURS_TO_MEND = {
    "return_code_unknown",
    "change_code_unknown",
    "trace_order",
    "settlement_invalid",
    "description_required",
    "answer_trace_mismatch",
    "corrected_data_invalid",
}


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in LENIENT], ids=[row[0] for row in LENIENT])
def test_what_was_tolerated_is_strictly_valid_once_normalized(data: bytes, code: str) -> None:
    file = normalize(read(data, Profile.LENIENT).file)
    assert normalize(file) == file
    assert codes(read(write(file))) == {code} & NOT_OURS_TO_MEND


@pytest.mark.parametrize("name", SAMPLES)
def test_a_normalized_file_stays_as_it_is(name: str) -> None:
    file = read(path(name).read_bytes()).file
    assert normalize(file) == file


def test_a_problem_names_its_line_in_the_source() -> None:
    broken = [*LINES[:2], "", *LINES[2:]]
    broken[5] = "706" + broken[5][3:]
    problems = [problem for problem in read(joined(broken)).errors if problem.code is ErrorCode.ADDENDA_TYPE_INVALID]
    assert [problem.line for problem in problems] == [6]


def test_a_file_that_was_cut_off_is_said_to_lack_both_controls_and_keeps_the_batch_that_was_open() -> None:
    reading = read(joined(LINES[:4]))
    assert {"missing_batch_control", "missing_file_control"} <= codes(reading)
    assert [len(batch.entries) for batch in reading.file.batches] == [2]


@pytest.mark.parametrize(("sample", "date"), [("ppd", b"      "), ("ppd", b"000000"), ("returns", b"261330")])
def test_only_a_return_may_have_no_effective_date_and_none_a_day_that_is_no_day(sample: str, date: bytes) -> None:
    data = path(sample).read_bytes()
    place = next(line for line in data.split(b"\n") if line[:1] == b"5")
    assert codes(read(data.replace(place, place[:69] + date + place[75:], 1))) == {"date_invalid"}


def test_a_missing_file_header_is_missing_in_line_one() -> None:
    problems = [one for one in read(without(0)).errors if one.code is ErrorCode.MISSING_FILE_HEADER]
    assert [problem.line for problem in problems] == [1]


# By record type: first and last position, what is written there, and which code that has.
BROKEN = {
    "1": (34, 34, "-", "field_charset"),
    "5": (2, 4, "280", "service_class_invalid"),
    "6": (13, 29, " " * 17, "field_blank"),
    "7": (84, 87, "0099", "addenda_sequence"),
    "8": (5, 10, "999999", "entry_addenda_count_mismatch"),
    "9": (8, 13, "999999", "block_count_mismatch"),
}


@pytest.mark.parametrize("name", ["ppd", "mixed", "ctx"])
def test_whatever_record_is_wrong_its_line_is_named_whether_the_file_was_read_or_made(name: str) -> None:
    lines = path(name).read_text("ascii").splitlines()
    for number, line in enumerate(lines, start=1):
        if line == NINES:
            continue
        first, last, value, code = BROKEN[line[0]]
        reading = read(joined([*lines[: number - 1], line[: first - 1] + value + line[last:], *lines[number:]]))
        for problems in (reading.errors, problems_of(reading.file)):
            assert [problem.line for problem in problems if problem.code == code] == [number]


@pytest.mark.parametrize("sec_code", ["IAT", "POP", "ARC", "ENR", "ADV", "XYZ"])
def test_a_class_that_is_not_supported_is_read_and_answered_so(sec_code: str) -> None:
    reading = read(PPD.replace(b"PPDPAYOUT", f"{sec_code}PAYOUT".encode()))
    assert codes(reading) == {"unsupported_sec"}
    assert summarize(reading.file).credit_cents == 373_456


def test_nothing_is_said_about_the_fields_of_a_class_that_is_not_supported() -> None:
    data = (
        PPD.replace(b"PPDPAYOUT", b"IATPAYOUT").replace(b"622231380104", b"62223138010A").replace(b"705PAY", b"710PAY")
    )
    reading = read(data)
    assert codes(reading) == {"unsupported_sec"}
    shown = file_view(reading.file)["batches"][0]["entries"][1]["addenda"]
    assert shown == [{"type": "10", "characters": 91}]


@pytest.mark.parametrize(
    ("sample", "old", "new"), [("cor", b"CORPAYOUT", b"PPDPAYOUT"), ("returns", b"PPDSETTLE", b"CORSETTLE")]
)
def test_notifications_are_in_cor_alone_and_returns_anywhere_else(sample: str, old: bytes, new: bytes) -> None:
    assert "addenda_type_invalid" in codes(read(path(sample).read_bytes().replace(old, new)))


def test_a_batch_of_an_unsupported_class_does_not_hide_the_others() -> None:
    data = path("mixed").read_bytes().replace(b"CCDPAYOUT", b"POPPAYOUT").replace(b"0000010000ID", b"0000010001ID")
    assert codes(read(data)) == {"unsupported_sec", "debit_total_mismatch"}


def test_the_list_of_problems_has_a_limit() -> None:
    reading = read(b"\n".join([b"x" * 94] * (PROBLEMS_MAX * 3)))
    assert len(reading.errors) == PROBLEMS_MAX + 1
    assert ErrorCode.TOO_MANY_ERRORS in codes(reading)


def test_a_byte_that_is_no_character_is_named_by_line_and_place() -> None:
    (problem,) = [one for one in read(PPD.replace(b"JANE", b"JA\0E", 1)).errors if one.code is ErrorCode.NOT_ASCII]
    assert (problem.line, problem.message) == (3, "byte 57 is not printable ASCII; 1 such bytes in the line")


def test_a_file_beyond_the_limit_is_not_read() -> None:
    (problem,) = read(bytes(FILE_BYTES_MAX + 1)).errors
    assert (problem.code, problem.line) == (ErrorCode.FILE_TOO_LARGE, 0)
    assert codes(read(b"\n" * (LINES_MAX + 1))) == {"file_too_large"}


@pytest.mark.parametrize("name", SAMPLES)
def test_no_error_and_no_view_has_an_account_number(name: str) -> None:
    """Every line is shifted by one, which moves accounts into all kinds of fields."""
    lines = path(name).read_text("ascii").splitlines()
    accounts = {line[12:29].strip() for line in lines if line[0] == "6"}
    shifted = [line[:11] + line[12:] + "0" if line[0] == "6" else line for line in lines]
    for data in (joined(shifted), joined(lines)):
        reading = read(data)
        said = " ".join(f"{problem.field} {problem.message}" for problem in reading.errors)
        assert not [account for account in accounts if account in said]
    shown = str(file_view(read(joined(lines)).file))
    assert not [account for account in accounts if account in shown]


def survives(data: bytes) -> None:
    """Reading gives an answer, and what is valid comes back as it was."""
    for profile in Profile:
        reading = read(data, profile)
        summarize(reading.file)
        file_view(reading.file)
        if reading.valid:
            written = write(reading.file)
            again = read(written, profile)
            assert again.file == reading.file
            assert write(again.file) == written


@given(st.binary(max_size=2_000))
@example(b"9" * 94)
@example(b"5" * 94 + b"\n" + b"6" * 94)
@example(b"\xb2" * 94)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered(data: bytes) -> None:
    survives(data)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A golden file with some bytes changed, lines dropped, doubled or moved, and the end cut off."""
    data = bytearray(path(draw(st.sampled_from(list(SAMPLES)))).read_bytes())
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    lines = bytes(data).split(b"\n")
    for _ in range(draw(st.integers(0, 2))):
        index = draw(st.integers(0, len(lines) - 1))
        moved = lines.pop(index)
        lines = draw(st.sampled_from([[*lines, b""], [moved, *lines], [*lines, moved], [*lines, moved, moved]]))
    ending = draw(st.sampled_from([b"\n", b"\r\n", b"\r", b""]))
    return ending.join(lines)[: draw(st.integers(0, 3_000))]


@given(mutants())
@settings(max_examples=300, deadline=None)
def test_any_mutant_of_a_file_is_answered(data: bytes) -> None:
    survives(data)


@given(st.lists(st.sampled_from([line for name in SAMPLES for line in path(name).read_text("ascii").splitlines()])))
@settings(max_examples=200, deadline=None)
def test_any_order_of_good_records_is_answered(lines: list[str]) -> None:
    survives(joined(lines))


def test_a_file_is_not_changed_by_validating_it() -> None:
    file: AchFile = read(PPD).file
    before = write(file)
    read(PPD, Profile.LENIENT)
    assert write(file) == before
