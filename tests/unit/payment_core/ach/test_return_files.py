"""Answers to our entries: how returns, changes, dishonored and contested returns are made and read."""

import msgspec
import pytest

from payment_core.ach.building.builder import build_file, file_header, make_batch, make_file
from payment_core.ach.building.entries import trace_number
from payment_core.ach.codes.changes import Correction
from payment_core.ach.codes.returns import RETURN_CODES, ReturnAction, ReturnStage
from payment_core.ach.codes.transaction_codes import Direction
from payment_core.ach.errors import FileInvalid
from payment_core.ach.reading.notices import notices_of
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import read
from payment_core.ach.records.addenda98_refused import Addenda98Refused
from payment_core.ach.records.entry_detail import EntryDetail
from payment_core.ach.views import summarize
from tests.return_files import (
    Answering,
    OriginalUnusable,
    answer_header,
    change_entry,
    contested_entry,
    dishonored_entry,
    return_batches,
    return_entry,
)
from tests.unit.payment_core.ach.samples import BANK, RECEIVER, SPEC, batch, entry, path

TRACE = trace_number(RECEIVER, 1)
ORIGINAL = build_file(SPEC, [(batch("PPD", 225, "SETTLEMENT"), entry(27, 500, 1))])


@pytest.mark.parametrize("code", [code for code, known in RETURN_CODES.items() if known.stage is ReturnStage.RETURN])
def test_a_return_of_every_code_is_valid_and_names_its_original(code: str) -> None:
    answering = Answering(RECEIVER, 501, "334")
    batches = return_batches(ORIGINAL, {trace_number(BANK, 1): code}, answering)
    file = make_file(file_header(SPEC), batches)
    (notice,) = notices_of(file).returns
    assert notice.code == RETURN_CODES[code]
    assert (notice.original_trace, notice.trace_number) == (trace_number(BANK, 1), trace_number(RECEIVER, 501))
    assert (notice.amount_cents, notice.direction, notice.sec_code) == (500, Direction.DEBIT, "PPD")
    assert (notice.company_id, notice.settlement_day) == ("1234567890", "334")


def test_a_contested_return_names_a_real_day_on_which_it_was_returned() -> None:
    contested = path("contested").read_bytes()
    assert b"261130" in contested
    found = read(contested.replace(b"26113023138010", b"26133023138010")).errors
    assert [(problem.code, problem.field) for problem in found] == [("date_invalid", "original_returned_date")]


def test_an_entry_whose_code_is_none_cannot_be_returned() -> None:
    original = msgspec.structs.replace(ORIGINAL.batches[0].entries[0], transaction_code=99)
    with pytest.raises(OriginalUnusable, match="code 99 has no return"):
        return_entry(original, "R01", TRACE)


def test_only_the_named_entries_are_returned() -> None:
    assert return_batches(ORIGINAL, {"1" * 15: "R01"}, Answering(RECEIVER, 1)) == []


def test_a_return_goes_to_the_bank_that_sent_the_original() -> None:
    returned = return_entry(ORIGINAL.batches[0].entries[0], "R01", TRACE)
    assert returned.rdfi_id + returned.check_digit == "121042882"
    assert returned.transaction_code == 26
    assert returned.account_number == ORIGINAL.batches[0].entries[0].account_number


@pytest.mark.parametrize(
    ("code", "date_of_death", "problems"),
    [
        ("R15", "261101", set()),
        ("R14", "", set()),
        ("R15", "261301", {"date_invalid"}),
        ("R01", "261101", {"date_invalid"}),
    ],
)
def test_a_date_of_death_is_a_real_day_and_only_with_its_codes(
    code: str, date_of_death: str, problems: set[str]
) -> None:
    returned = return_entry(ORIGINAL.batches[0].entries[0], code, TRACE, date_of_death=date_of_death)
    header = answer_header(ORIGINAL.batches[0].header, Answering(RECEIVER, 1), 1)
    found: set[str] = set()
    try:
        (notice,) = notices_of(make_file(file_header(SPEC), [make_batch(header, [returned])])).returns
        assert notice.date_of_death == date_of_death
    except FileInvalid as fault:
        found = {problem.code for problem in fault.problems}
    assert found == problems


def test_the_samples_say_what_they_were_made_to_say() -> None:
    codes = {
        name: [notice.code.code for notice in notices_of(read(path(name).read_bytes()).file).returns]
        for name in ("ppd", "returns", "dishonored", "contested")
    }
    assert codes == {"ppd": [], "returns": ["R01", "R03", "R29"], "dishonored": ["R68"], "contested": ["R73"]}
    changes = notices_of(read(path("cor").read_bytes()).file).changes
    assert [change.change_code for change in changes] == ["C01", "C02", "C03", "C07"]
    assert changes[2].correction == Correction(routing_number="091000019", account_number="00987654321")
    assert changes[0].original_trace == trace_number(BANK, 1)


def test_a_code_in_no_table_becomes_a_case_when_read_leniently() -> None:
    reading = read(path("returns").read_bytes().replace(b"799R01", b"799R98"), Profile.LENIENT)
    assert reading.valid
    assert notices_of(reading.file).returns[0].code.action is ReturnAction.PARSE_AND_CASE


def test_a_summary_counts_returns_and_changes() -> None:
    counted = {
        name: (summary.returns, summary.notifications_of_change)
        for name in ("ppd", "returns", "contested", "cor")
        for summary in [summarize(read(path(name).read_bytes()).file)]
    }
    assert counted == {"ppd": (0, 0), "returns": (3, 0), "contested": (1, 0), "cor": (0, 4)}


def test_a_change_of_a_corporate_entry_is_cor_without_its_layout() -> None:
    original = build_file(SPEC, [(batch("CTX", 220), entry(22, 500, 1))]).batches[0].entries[0]
    change = change_entry(original, "C05", Correction(transaction_code=32), TRACE)
    assert isinstance(change, EntryDetail)
    assert (change.amount_cents, change.transaction_code, change.addenda_indicator) == (0, 21, 1)


def test_a_refused_change_is_read() -> None:
    original = ORIGINAL.batches[0].entries[0]
    change = change_entry(original, "C02", Correction(routing_number="091000019"), TRACE)
    refused = Addenda98Refused("C65", original.trace_number, RECEIVER, "091000019", "C02", TRACE[-7:], TRACE)
    header = answer_header(ORIGINAL.batches[0].header, Answering(RECEIVER, 1), 1)
    cor = make_batch(
        msgspec.structs.replace(header, sec_code="COR"), [msgspec.structs.replace(change, addenda=(refused,))]
    )
    (notice,) = notices_of(make_file(file_header(SPEC), [cor])).changes
    assert (notice.refused_code, notice.change_code) == ("C65", "C02")
    assert notice.correction == Correction(routing_number="091000019")


def test_only_a_return_is_dishonored_and_only_that_is_contested() -> None:
    original = ORIGINAL.batches[0].entries[0]
    with pytest.raises(OriginalUnusable):
        dishonored_entry(original, "R68", "334", TRACE)
    with pytest.raises(OriginalUnusable):
        contested_entry(
            return_entry(original, "R01", TRACE),
            "R73",
            returned_date="261130",
            original_day="334",
            dishonored_day="335",
            trace=TRACE,
        )
    returned = return_entry(original, "R01", TRACE)
    contested = contested_entry(
        dishonored_entry(returned, "R69", "334", trace_number(BANK, 9)),
        "R74",
        returned_date="261130",
        original_day="334",
        dishonored_day="335",
        trace=TRACE,
    )
    assert contested.amount_cents == original.amount_cents
