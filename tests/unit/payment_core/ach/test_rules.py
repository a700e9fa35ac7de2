"""The rules of each entry class, one broken at a time in an otherwise right file."""

from datetime import date

import msgspec
import pytest

from payment_core.ach.building.builder import build_file
from payment_core.ach.building.specs import BatchSpec, EntrySpec
from payment_core.ach.codes.descriptions import MICRO_ENTRY, Marker, Purpose, marker_of
from payment_core.ach.codes.routing import check_digit, is_institution, is_routing_number
from payment_core.ach.codes.transaction_codes import TRANSACTION_CODES, AccountType, Direction, EntryKind, code_for
from payment_core.ach.errors import FileInvalid
from tests.unit.payment_core.ach.samples import SPEC, batch, entry


def codes(header: BatchSpec, *entries: EntrySpec) -> set[str]:
    """What the strict profile says about one batch."""
    try:
        build_file(SPEC, [(header, one) for one in entries])
    except FileInvalid as fault:
        return {problem.code for problem in fault.problems}
    return set()


def with_addenda(count: int, code: int = 22) -> EntrySpec:
    return msgspec.structs.replace(entry(code, 100, 1), addenda=("TEXT",) * count)


@pytest.mark.parametrize(
    ("sec_code", "service_class", "entry_spec", "expected"),
    [
        ("PPD", 220, entry(22, 100, 1), ""),
        ("PPD", 220, entry(52, 100, 1), ""),
        ("PPD", 225, entry(27, 100, 1), ""),
        ("PPD", 200, entry(37, 100, 1), ""),
        ("PPD", 220, entry(42, 100, 1), "transaction_code_not_allowed"),  # a consumer has no general ledger
        ("PPD", 220, entry(24, 0, 1), "transaction_code_not_allowed"),  # zero dollars are for CCD and CTX
        ("PPD", 225, entry(55, 100, 1), "transaction_code_not_allowed"),  # a loan is debited only to reverse
        ("PPD", 220, entry(27, 100, 1), "service_class_mismatch"),
        ("PPD", 225, entry(22, 100, 1), "service_class_mismatch"),
        ("PPD", 220, entry(21, 100, 1), "addenda_missing"),  # a return code without a return
        ("PPD", 220, entry(20, 100, 1), "transaction_code_invalid"),
        ("PPD", 220, entry(23, 0, 1), ""),
        ("PPD", 220, entry(23, 1, 1), "amount_must_be_zero"),
        ("PPD", 225, entry(28, 1, 1), "amount_must_be_zero"),
        ("PPD", 220, entry(22, 0, 1), "amount_missing"),
        ("PPD", 220, with_addenda(1), ""),
        ("PPD", 220, with_addenda(2), "addenda_too_many"),
        ("CCD", 220, entry(42, 100, 1), ""),
        ("CCD", 220, entry(24, 0, 1), ""),
        ("CCD", 220, entry(24, 5, 1), "amount_must_be_zero"),
        ("CCD", 220, with_addenda(2), "addenda_too_many"),
        ("WEB", 225, entry(27, 100, 1, kind="R"), ""),
        ("WEB", 225, entry(27, 100, 1, kind="S"), ""),
        ("WEB", 220, entry(22, 100, 1, kind="S"), ""),  # a person pays a person
        ("WEB", 225, entry(27, 100, 1), "payment_type_invalid"),
        ("WEB", 225, entry(27, 100, 1, kind="X"), "payment_type_invalid"),
        ("WEB", 220, entry(52, 100, 1, kind="S"), "transaction_code_not_allowed"),
        ("TEL", 225, entry(27, 100, 1, kind="S"), ""),
        ("TEL", 220, entry(22, 100, 1, kind="S"), "transaction_code_not_allowed"),  # no credits by phone
        ("TEL", 225, msgspec.structs.replace(with_addenda(1, 27), discretionary_data="S"), "addenda_too_many"),
        ("CTX", 220, with_addenda(9_999), ""),
        ("COR", 220, entry(22, 0, 1), "addenda_missing transaction_code_not_allowed"),
        ("PPD", 220, entry(22, 100, 1, name="0000"), "field_blank"),
        ("PPD", 220, entry(22, 100, 1, name=" "), "field_blank"),
        ("PPD", 220, msgspec.structs.replace(entry(22, 100, 1), account_number=""), "field_blank"),
        ("PPD", 220, msgspec.structs.replace(entry(22, 100, 1), account_number=" 1"), "field_alignment"),
        ("PPD", 220, msgspec.structs.replace(entry(22, 100, 1), routing_number="0" * 9), "routing_number_invalid"),
        ("PPD", 220, msgspec.structs.replace(entry(22, 100, 1), routing_number="999999992"), "routing_number_invalid"),
        ("PPD", 220, entry(22, 10_000_000_000, 1), "amount_too_large"),
        ("IAT", 220, entry(22, 100, 1), "unsupported_sec"),
    ],
)
def test_a_class_allows_what_its_rules_allow(
    sec_code: str, service_class: int, entry_spec: EntrySpec, expected: str
) -> None:
    assert codes(batch(sec_code, service_class), entry_spec) == set(expected.split())


@pytest.mark.parametrize(
    ("description", "debits", "credited", "expected"),
    [
        (MICRO_ENTRY, (), (1, 99), ""),
        (MICRO_ENTRY, (30,), (10, 20), ""),
        (MICRO_ENTRY, (31,), (10, 20), "micro_entry_invalid"),
        (MICRO_ENTRY, (), (100,), "micro_entry_invalid"),
        (MICRO_ENTRY, (), (1, 100), "micro_entry_invalid"),
        ("PAYOUT", (31,), (100,), ""),
    ],
)
def test_micro_entries_stay_below_a_dollar_and_take_no_more_than_they_give(
    description: str, debits: tuple[int, ...], credited: tuple[int, ...], expected: str
) -> None:
    specs = [(22, cents) for cents in credited] + [(27, cents) for cents in debits]
    entries = [entry(code, cents, number) for number, (code, cents) in enumerate(specs, start=1)]
    assert codes(batch("CCD", 200, description), *entries) == set(expected.split())


@pytest.mark.parametrize(
    ("sec_code", "code", "description", "purpose", "effective", "expected"),
    [
        ("PPD", 22, "PAYROLL", Purpose.WAGES, date(2026, 3, 20), ""),
        ("PPD", 22, "PAYROLL WK", Purpose.WAGES, date(2026, 3, 20), ""),  # the first 7 decide
        ("PPD", 22, "SALARY", Purpose.WAGES, date(2026, 3, 19), ""),  # the day before the rule
        ("PPD", 22, "SALARY", Purpose.WAGES, date(2026, 3, 20), "description_required"),
        ("PPD", 22, "BONUS", Purpose.WAGES, date(2026, 3, 20), "description_required"),
        ("PPD", 22, "DIRECT DEP", Purpose.OTHER, date(2026, 3, 20), "description_required"),  # it looks like wages
        ("PPD", 22, "PAYOUT", Purpose.OTHER, date(2026, 3, 20), ""),
        ("PPD", 27, "SALARY", Purpose.OTHER, date(2026, 3, 20), ""),  # debits are no wages
        ("CCD", 22, "SALARY", Purpose.OTHER, date(2026, 3, 20), ""),
        ("WEB", 27, "PURCHASE", Purpose.ECOMMERCE, date(2026, 3, 20), ""),
        ("WEB", 27, "RENT", Purpose.ECOMMERCE, date(2026, 3, 20), "description_required"),
        ("WEB", 27, "RENT", Purpose.ECOMMERCE, date(2026, 3, 19), ""),
        ("WEB", 27, "ECOMMERCE", Purpose.OTHER, date(2026, 3, 20), "description_required"),
        ("WEB", 27, "RENT", Purpose.OTHER, date(2026, 3, 20), ""),
    ],
)
def test_wages_and_purchases_say_so_since_march_2026(
    sec_code: str, code: int, description: str, purpose: Purpose, effective: date, expected: str
) -> None:
    header = msgspec.structs.replace(batch(sec_code, 200, description), purpose=purpose, effective_date=effective)
    assert codes(header, entry(code, 100, 1, kind="S")) == set(expected.split())


@pytest.mark.parametrize(
    ("description", "marker"),
    [
        ("REVERSAL", Marker.REVERSAL),
        ("RETRY PYMT", Marker.RETRY),
        ("ACCTVERIFY", Marker.MICRO_ENTRY),
        ("reversal", Marker.REVERSAL),
        ("PAYOUT", Marker.NONE),
    ],
)
def test_descriptions_that_mean_something_are_recognized(description: str, marker: Marker) -> None:
    assert marker_of(description) is marker


@pytest.mark.parametrize(
    ("routing_number", "usable"),
    [
        ("121042882", True),
        ("231380104", True),
        ("091000019", True),
        ("021000021", True),
        ("121042883", False),
        ("000000000", False),
        ("999999992", False),
        ("130000006", False),
        ("1210428", False),
        ("12104288A", False),
        ("", False),
    ],
)
def test_a_routing_number_has_its_check_digit_and_a_range(routing_number: str, usable: bool) -> None:
    assert is_routing_number(routing_number) is usable
    if usable:
        assert check_digit(routing_number[:8]) == routing_number[8]
        assert is_institution(routing_number[:8])


@pytest.mark.parametrize("prefix", range(100))
def test_only_assigned_ranges_are_routing_numbers(prefix: int) -> None:
    bank = f"{prefix:02d}104288"
    assigned = prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    assert is_routing_number(bank + check_digit(bank)) is assigned


def test_transaction_codes_are_those_of_the_rules() -> None:
    assert sorted(TRANSACTION_CODES) == [
        *range(21, 25), *range(26, 30), *range(31, 35), *range(36, 40),
        *range(41, 45), *range(46, 50), *range(51, 55), 55, 56,
    ]  # fmt: skip
    known = TRANSACTION_CODES[37]
    assert (known.account_type, known.direction, known.kind) == (AccountType.SAVINGS, Direction.DEBIT, EntryKind.LIVE)
    assert code_for(AccountType.LOAN, Direction.DEBIT, EntryKind.PRENOTE) is None
