"""The builder: grouping, traces, balance, prenotes and reversals, and that equal input gives equal bytes."""

from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.ach.building.builder import build_file, make_batch
from payment_core.ach.building.entries import trace_number
from payment_core.ach.building.specs import BatchSpec, EntrySpec, Offset
from payment_core.ach.building.totals import file_control
from payment_core.ach.building.writer import LineEnding, write
from payment_core.ach.codes.descriptions import MICRO_ENTRY
from payment_core.ach.codes.transaction_codes import AccountType
from payment_core.ach.errors import FieldInvalid, FileInvalid, TraceCollision
from payment_core.ach.model import OFFSET_NAME
from payment_core.ach.reading.reader import problems_of, read
from payment_core.ach.validation.batch import offset_of
from tests.unit.payment_core.ach.oracle import figures
from tests.unit.payment_core.ach.samples import BANK, EFFECTIVE, SPEC, batch, entry

TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ &'-.0123456789", min_size=1, max_size=15).filter(lambda t: t.strip(" 0"))


def offset(first: int, account_type: AccountType = AccountType.CHECKING) -> Offset:
    return Offset("121042882", "000099998888", count(first).__next__, account_type)


@st.composite
def work(draw: st.DrawFn) -> list[tuple[BatchSpec, EntrySpec]]:
    """Entries of up to four batches, in any order, with traces in any order."""
    headers = draw(
        st.lists(
            st.builds(
                lambda sec_code, description: batch(sec_code, 200, f"D{description}"),
                st.sampled_from(["PPD", "CCD", "CTX", "WEB"]),
                st.integers(0, 9),
            ),
            min_size=1,
            max_size=4,
        )
    )
    sequences = draw(st.lists(st.integers(1, 9_000_000), min_size=1, max_size=12, unique=True))
    return [
        (
            draw(st.sampled_from(headers)),
            EntrySpec(
                transaction_code=draw(st.sampled_from([22, 27, 32, 37])),
                routing_number=draw(st.sampled_from(["231380104", "091000019", "121042882"])),
                account_number=draw(st.text("0123456789", min_size=1, max_size=17)),
                amount_cents=draw(st.integers(1, 9_999_999_999)),
                receiver_name=draw(TEXT).strip(),
                trace_sequence=sequence,
                discretionary_data="S",
                addenda=("PAID",) if draw(st.booleans()) else (),
            ),
        )
        for sequence in sequences
    ]


@given(work())
@settings(max_examples=100, deadline=None)
def test_what_is_built_is_valid_adds_up_and_reads_back(items: list[tuple[BatchSpec, EntrySpec]]) -> None:
    file = build_file(SPEC, items)
    data = write(file)
    reading = read(data)
    assert reading.errors == ()
    assert reading.file == file
    assert msgspec.to_builtins(file.control) == figures(data)
    assert figures(data)["credit_cents"] == sum(
        one.amount_cents for _, one in items if one.transaction_code in {22, 32}
    )
    assert len(file.batches) == len({header for header, _ in items})
    traces = [one.trace_number for part in file.batches for one in part.entries]
    assert sorted(int(trace[-7:]) for trace in traces) == sorted(one.trace_sequence for _, one in items)


@given(work())
@settings(max_examples=50, deadline=None)
def test_equal_input_gives_equal_bytes(items: list[tuple[BatchSpec, EntrySpec]]) -> None:
    first_seen = list(dict.fromkeys(header for header, _ in items))
    by_trace = sorted(items, key=lambda item: (first_seen.index(item[0]), item[1].trace_sequence))
    assert write(build_file(SPEC, items)) == write(build_file(SPEC, by_trace))


@given(work(), st.sampled_from([AccountType.CHECKING, AccountType.SAVINGS, AccountType.GENERAL_LEDGER]))
@settings(max_examples=50, deadline=None)
def test_a_balanced_file_has_equal_sides_and_its_offsets_last(
    items: list[tuple[BatchSpec, EntrySpec]], account_type: AccountType
) -> None:
    small = [(header, msgspec.structs.replace(one, amount_cents=one.amount_cents % 1_000 + 1)) for header, one in items]
    file = build_file(SPEC, small, offset(9_000_001, account_type))
    assert read(write(file)).errors == ()
    for part in file.batches:
        assert part.header.service_class == part.control.service_class == 200
        assert part.control.debit_cents == part.control.credit_cents
        offsets = [one for one in part.entries if one.receiver_name == OFFSET_NAME]
        assert offsets in ([], [part.entries[-1]])


def test_a_payout_batch_of_class_220_becomes_200_when_it_is_balanced() -> None:
    file = build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 1))], offset(2))
    assert [one.transaction_code for one in file.batches[0].entries] == [22, 27]
    assert (file.control.debit_cents, file.control.credit_cents) == (500, 500)


def test_the_offset_of_micro_entries_may_be_a_dollar_and_more() -> None:
    header = batch("CCD", 200, MICRO_ENTRY)
    file = build_file(SPEC, [(header, entry(22, 60, 1)), (header, entry(22, 60, 2))], offset(3))
    assert [one.amount_cents for one in file.batches[0].entries] == [60, 60, 120]


def test_an_entry_that_is_alone_in_its_batch_balances_nothing() -> None:
    file = build_file(SPEC, [(batch("PPD", 200), entry(28, 0, 1, name=OFFSET_NAME))])
    assert offset_of(file.batches[0]) is None


def test_entries_come_by_their_traces_whatever_the_order_in_which_they_were_given() -> None:
    file = build_file(SPEC, [(batch("PPD", 220), entry(22, 500, number)) for number in (7, 3, 5)])
    assert [one.trace_number[-1] for one in file.batches[0].entries] == ["3", "5", "7"]


def test_a_hash_keeps_its_last_ten_digits_in_a_batch_and_in_a_file() -> None:
    (part,) = build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 1))]).batches
    large = make_batch(part.header, part.entries * 400)
    assert large.control.entry_hash == 400 * 23_138_010
    assert make_batch(part.header, part.entries * 500).control.entry_hash == 500 * 23_138_010 - 10**10
    assert file_control((large, large)).entry_hash == 800 * 23_138_010 - 10**10


def test_a_batch_whose_sides_are_equal_needs_no_offset() -> None:
    items = [(batch("PPD", 200), entry(22, 500, 1)), (batch("PPD", 200), entry(27, 500, 2))]
    assert len(build_file(SPEC, items, offset(3)).batches[0].entries) == 2


@pytest.mark.parametrize("routing_number", ["23138010", "2313801040", ""])
def test_a_routing_number_of_another_length_is_refused(routing_number: str) -> None:
    other = msgspec.structs.replace(entry(22, 500, 1), routing_number=routing_number)
    with pytest.raises(FieldInvalid, match="9 digits"):
        build_file(SPEC, [(batch("PPD", 220), other)])


def test_an_rdfi_that_is_no_number_is_refused_by_the_builder_and_reported_in_a_file_that_was_made() -> None:
    letters = msgspec.structs.replace(entry(22, 500, 1), routing_number="2313801A4")
    with pytest.raises(FieldInvalid, match="rdfi_id"):
        build_file(SPEC, [(batch("PPD", 220), letters)])
    file = build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 1))])
    (part,) = file.batches
    wrong = msgspec.structs.replace(part, entries=(msgspec.structs.replace(part.entries[0], rdfi_id="2313801A"),))
    found = problems_of(msgspec.structs.replace(file, batches=(wrong,)))
    assert {problem.code for problem in found} == {"routing_number_invalid", "entry_hash_mismatch"}


def test_an_offset_beyond_the_amount_field_is_refused() -> None:
    items = [(batch("CCD", 220), entry(22, 9_999_999_999, number)) for number in (1, 2)]
    with pytest.raises(FileInvalid, match="amount_too_large"):
        build_file(SPEC, items, offset(3))


def test_an_offset_that_is_not_last_is_refused() -> None:
    with pytest.raises(FileInvalid, match="trace_order"):
        build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 10))], offset(2))


def test_an_offset_against_a_loan_is_refused() -> None:
    with pytest.raises(FieldInvalid, match="loan account"):
        build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 1))], offset(2, AccountType.LOAN))


def test_traces_that_collide_across_merged_batches_are_refused() -> None:
    items = [(batch("PPD", 220), entry(22, 500, 7)), (batch("CCD", 220), entry(22, 500, 7))]
    with pytest.raises(TraceCollision, match="sequence 7"):
        build_file(SPEC, items)


def test_a_trace_is_the_bank_and_seven_digits_from_the_first_to_the_last() -> None:
    assert [trace_number(BANK, sequence) for sequence in (1, 9_999_999)] == ["121042880000001", "121042889999999"]


@pytest.mark.parametrize("sequence", [0, -1, 10_000_000])
def test_a_trace_sequence_outside_its_seven_digits_is_refused(sequence: int) -> None:
    with pytest.raises(FieldInvalid, match="trace sequence"):
        build_file(SPEC, [(batch("PPD", 220), entry(22, 500, sequence))])


def test_every_difference_in_the_key_makes_a_batch_and_the_bank_does_not() -> None:
    first = batch("PPD", 220)
    changes: list[dict[str, Any]] = [
        {"company_id": "1234567891"},
        {"sec_code": "CCD"},
        {"description": "OTHER"},
        {"effective_date": EFFECTIVE.replace(day=29)},
        {"service_class": 200},
    ]
    headers = [first, *(msgspec.structs.replace(first, **change) for change in changes)]
    items = [(header, entry(22, 100, number)) for number, header in enumerate(headers, start=1)]
    other_bank = msgspec.structs.replace(entry(22, 100, 99), routing_number="091000019")
    file = build_file(SPEC, [*items, (first, other_bank)])
    assert [len(part.entries) for part in file.batches] == [2, 1, 1, 1, 1, 1]
    assert [part.header.batch_number for part in file.batches] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"modifier": "-"}, "field_charset"),
        ({"modifier": ""}, "field_charset"),
        ({"modifier": "a"}, "field_charset"),
        ({"immediate_destination": "231380105"}, "routing_number_invalid"),
        ({"odfi_id": "12"}, "routing_number_invalid"),
    ],
)
def test_a_file_spec_that_is_not_right_is_refused(change: dict[str, str], code: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        build_file(msgspec.structs.replace(SPEC, **change), [(batch("PPD", 220), entry(22, 500, 1))])
    assert code in {problem.code for problem in refused.value.problems}


def test_a_name_that_is_too_long_is_refused_and_not_cut_off() -> None:
    file = build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 1, name="N" * 23))])
    with pytest.raises(FieldInvalid, match="is longer than 22"):
        write(file)


def test_each_line_ending_is_written_throughout() -> None:
    file = build_file(SPEC, [(batch("PPD", 220), entry(22, 500, 1))])
    assert write(file, LineEnding.CRLF).count(b"\r\n") == write(file).count(b"\n") == 10


def test_no_repr_of_a_spec_has_the_account_number() -> None:
    assert "0000000001" not in repr(entry(22, 500, 1))
    assert "99998888" not in repr(offset(1))
