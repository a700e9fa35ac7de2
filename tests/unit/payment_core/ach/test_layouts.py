"""Records: where their fields are, what fits, and that nothing is ever cut off."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.ach.errors import FieldInvalid, LayoutInvalid
from payment_core.ach.layout import RECORD_WIDTH, Field, Kind, Layout, constant, number, reserved, text
from payment_core.ach.problems import ErrorCode
from payment_core.ach.records.addenda import _LAYOUT_BY_TYPE, parse_addenda
from payment_core.ach.records.addenda05 import ADDENDA05
from payment_core.ach.records.addenda98 import ADDENDA98, Addenda98
from payment_core.ach.records.addenda98_refused import ADDENDA98_REFUSED
from payment_core.ach.records.addenda99 import ADDENDA99
from payment_core.ach.records.addenda99_contested import ADDENDA99_CONTESTED
from payment_core.ach.records.addenda99_dishonored import ADDENDA99_DISHONORED
from payment_core.ach.records.batch_control import BATCH_CONTROL
from payment_core.ach.records.batch_header import BATCH_HEADER
from payment_core.ach.records.corporate_entry import CORPORATE_ENTRY
from payment_core.ach.records.entry_detail import ENTRY_DETAIL, EntryDetail
from payment_core.ach.records.file_control import FILE_CONTROL
from payment_core.ach.records.file_header import FILE_HEADER

ALL: list[Layout[Any]] = [FILE_HEADER, BATCH_HEADER, ENTRY_DETAIL, CORPORATE_ENTRY, BATCH_CONTROL, FILE_CONTROL]
ALL += _LAYOUT_BY_TYPE.values()
LAYOUTS = {layout.record.__name__: layout for layout in ALL}

# As the rules print them: first and last position of each field that varies.
POSITIONS = [
    (
        FILE_HEADER,
        "4-13 14-23 24-29 30-33 34-34 41-63 64-86 87-94",
    ),
    (BATCH_HEADER, "2-4 5-20 21-40 41-50 51-53 54-63 64-69 70-75 76-78 79-79 80-87 88-94"),
    (ENTRY_DETAIL, "2-3 4-11 12-12 13-29 30-39 40-54 55-76 77-78 79-79 80-94"),
    (CORPORATE_ENTRY, "2-3 4-11 12-12 13-29 30-39 40-54 55-58 59-74 77-78 79-79 80-94"),
    (ADDENDA05, "4-83 84-87 88-94"),
    (ADDENDA98, "4-6 7-21 28-35 36-64 80-94"),
    (ADDENDA98_REFUSED, "4-6 7-21 28-35 36-64 65-67 68-74 80-94"),
    (ADDENDA99, "4-6 7-21 22-27 28-35 36-79 80-94"),
    (ADDENDA99_DISHONORED, "4-6 7-21 28-35 39-53 54-56 57-58 59-79 80-94"),
    (ADDENDA99_CONTESTED, "4-6 7-21 22-27 28-35 36-38 39-53 54-56 57-58 59-73 74-76 77-78 80-94"),
    (BATCH_CONTROL, "2-4 5-10 11-20 21-32 33-44 45-54 55-73 80-87 88-94"),
    (FILE_CONTROL, "2-7 8-13 14-21 22-31 32-43 44-55"),
]

ENTRY = EntryDetail(22, "23138010", "4", "0012345", 100, "ID1", "JANE DOE", "", 0, "000000010000007")


def silent(code: ErrorCode, field: str, message: str) -> None:
    pytest.fail(f"{code} {field} {message}")


def values(field: Field) -> st.SearchStrategy[object]:
    """What a field can hold and give back."""
    printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
    match field.kind:
        case Kind.NUMBER:
            return st.integers(0, 10**field.width - 1)
        case Kind.DIGITS:
            return st.text("0123456789", min_size=field.width, max_size=field.width)
        case Kind.CODE:
            return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=field.width)
        case Kind.RIGHT:
            return st.text(printable, max_size=field.width).map(str.strip)
        case _:
            return st.text(printable, max_size=field.width).map(str.rstrip)


@st.composite
def records(draw: st.DrawFn) -> tuple[Layout[Any], msgspec.Struct]:
    layout = draw(st.sampled_from(list(LAYOUTS.values())))
    return layout, layout.record(*(draw(values(field)) for field in layout.variable))


@pytest.mark.parametrize(("layout", "positions"), POSITIONS)
def test_every_field_is_where_the_rules_put_it(layout: Layout[Any], positions: str) -> None:
    assert " ".join(f"{field.start}-{field.end}" for field in layout.variable) == positions


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_field_says_what_the_rules_ask_of_it(layout: Layout[Any]) -> None:
    assert sum(field.width for field in layout.fields) == RECORD_WIDTH
    assert all(field.rule.endswith(".") for field in layout.fields)


@given(records())
@settings(max_examples=200, deadline=None)
def test_parsing_what_was_formatted_gives_the_record_and_its_bytes_back(pair: tuple[Layout[Any], Any]) -> None:
    layout, record = pair
    line = layout.format(record)
    assert len(line) == RECORD_WIDTH
    parsed = layout.parse(line, silent)
    assert parsed == record
    assert layout.format(parsed) == line


@given(records(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_value_that_is_too_long_raises_and_is_not_truncated(
    pair: tuple[Layout[Any], Any], data: st.DataObject
) -> None:
    layout, record = pair
    field = data.draw(st.sampled_from(layout.variable))
    too_long: object = 10**field.width if field.kind is Kind.NUMBER else "7" * (field.width + 1)
    with pytest.raises(FieldInvalid, match=f"{field.name} "):
        layout.format(msgspec.structs.replace(record, **{field.name: too_long}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_cents": -1}, "not negative"),
        ({"amount_cents": 1.5}, "whole number"),
        ({"amount_cents": "100"}, "whole number"),
        ({"amount_cents": 10_000_000_000}, "more than 10 digits"),
        ({"rdfi_id": "2313801"}, "must be 8 digits"),
        ({"rdfi_id": "2313801A"}, "must be 8 digits"),
        ({"rdfi_id": 23138010, "trace_number": ""}, "must be text"),
        ({"trace_number": "10000007"}, "must be 15 digits"),
        ({"receiver_name": "JOSÉ"}, "printable ASCII"),
        ({"receiver_name": "JANE\nDOE"}, "printable ASCII"),
        ({"receiver_name": "²"}, "printable ASCII"),
        ({"check_digit": "²"}, "printable ASCII"),
        ({"account_number": "1" * 18}, "longer than 17"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field_and_without_its_value(
    change: dict[str, object], reason: str
) -> None:
    with pytest.raises(FieldInvalid, match=reason) as refused:
        ENTRY_DETAIL.format(msgspec.structs.replace(ENTRY, **change))
    assert "1" * 18 not in str(refused.value)


def test_leading_zeros_of_a_trace_stay() -> None:
    assert ENTRY_DETAIL.parse(ENTRY_DETAIL.format(ENTRY), silent).trace_number == "000000010000007"


@pytest.mark.parametrize(
    "record",
    [ENTRY, Addenda98("C01", "1" * 15, "2" * 8, "0012345", "3" * 15), LAYOUTS["AddendaOther"].record("10", "0012345")],
)
def test_an_account_number_is_in_no_repr(record: msgspec.Struct) -> None:
    assert "0012345" not in repr(record)


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ("799R01A21042880000001      23138010" + " " * 44 + "231380100000501", "field_not_numeric", "original_trace"),
        ("799r01121042880000001      23138010" + " " * 44 + "231380100000501", "field_case", "return_code"),
        (
            "798C01121042880000001      231380101918171614" + " " * 19 + "?" + " " * 14 + "231380100000601",
            "field_reserved",
            "positions 65-79",
        ),
    ],
)
def test_what_is_wrong_in_a_record_is_reported_by_field(line: str, code: str, field: str) -> None:
    found: list[tuple[str, str]] = []
    parse_addenda(line, lambda code, field, _: found.append((code, field)))
    assert found == [(code, field)]


class Short(msgspec.Struct, frozen=True):
    """A record with one field."""

    count: int


@pytest.mark.parametrize(
    "fields",
    [
        (constant(1, "1", "Type."), number("count", 3, 92, "A count.")),
        (constant(1, "1", "Type."), number("count", 2, 92, "A count.")),
        (constant(1, "1", "Type."), number("other", 2, 93, "A count.")),
        (
            constant(1, "1", "Type."),
            number("count", 2, 10, "A count."),
            text("name", 12, 80, "A name."),
            reserved(92, 3),
        ),
    ],
)
def test_a_layout_that_does_not_cover_its_record_is_refused(fields: tuple[Field, ...]) -> None:
    with pytest.raises(LayoutInvalid):
        Layout(Short, *fields)
