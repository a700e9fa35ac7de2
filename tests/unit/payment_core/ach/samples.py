"""The files of tests/data/ach, built from what they contain; run as a module to write them again."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from pathlib import Path

import msgspec

from payment_core.ach.building.builder import build_file, file_header, make_batch, make_file
from payment_core.ach.building.entries import trace_number
from payment_core.ach.building.specs import BatchSpec, EntrySpec, FileSpec, Offset
from payment_core.ach.building.writer import write
from payment_core.ach.calendar import same_day_marker
from payment_core.ach.codes.changes import Correction
from payment_core.ach.codes.descriptions import MICRO_ENTRY, REVERSAL, Purpose
from payment_core.ach.model import AchFile, Batch
from tests.return_files import (
    Answering,
    answer_header,
    change_batches,
    contested_entry,
    dishonored_entry,
    return_batches,
)

FOLDER = Path(__file__).resolve().parents[3] / "data" / "ach"
BANK, RECEIVER, OTHER_RECEIVER = "12104288", "23138010", "09100001"
CREATED_AT = datetime(2026, 11, 27, 9, 5)  # noqa: DTZ001  # wall clock in New York, as the header has it
EFFECTIVE = date(2026, 11, 30)

SPEC = FileSpec(
    immediate_destination="231380104",
    immediate_origin="121042882",
    odfi_id=BANK,
    created_at=CREATED_AT,
    destination_name="FEDERAL RESERVE BANK",
    origin_name="TILLWATCH",
)


def batch(sec_code: str, service_class: int, description: str = "PAYOUT") -> BatchSpec:
    return BatchSpec("TILLWATCH", "1234567890", sec_code, description, EFFECTIVE, service_class)


def entry(code: int, cents: int, sequence: int, name: str = "JANE DOE", kind: str = "") -> EntrySpec:
    return EntrySpec(code, "231380104", f"00{sequence:010d}", cents, name, sequence, f"ID{sequence:05d}", kind)


def ppd() -> AchFile:
    """Two payouts, one with an addenda, and a prenote."""
    header = batch("PPD", 220)
    second = msgspec.structs.replace(entry(32, 250_000, 2, "JOHN ROE"), addenda=("PAYOUT FOR WEEK 48",))
    return build_file(SPEC, [(header, entry(22, 123_456, 1)), (header, second), (header, entry(23, 0, 3))])


def payroll() -> AchFile:
    header = msgspec.structs.replace(batch("PPD", 220, "PAYROLL"), purpose=Purpose.WAGES)
    return build_file(SPEC, [(header, entry(22, 200_000, 1))])


def ccd() -> AchFile:
    header = batch("CCD", 220)
    first = msgspec.structs.replace(entry(22, 1_000_000, 1, "ACME SUPPLY CO"), addenda=("INVOICE 4711",))
    return build_file(SPEC, [(header, first), (header, entry(42, 99, 2, "BETA GMBH"))])


def web() -> AchFile:
    header = msgspec.structs.replace(batch("WEB", 225, "PURCHASE"), purpose=Purpose.ECOMMERCE)
    return build_file(SPEC, [(header, entry(27, 4_999, 1, kind="S")), (header, entry(37, 1_500, 2, kind="R"))])


def tel() -> AchFile:
    header = batch("TEL", 225, "BY PHONE")
    return build_file(SPEC, [(header, entry(27, 12_000, 1, kind="S")), (header, entry(37, 700, 2, kind="S"))])


def ctx() -> AchFile:
    header = batch("CTX", 220, "INVOICES")
    texts = tuple(f"RMR*IV*{number}**{number * 100}\\" for number in range(1, 13))
    return build_file(
        SPEC,
        [
            (header, msgspec.structs.replace(entry(22, 780_000, 1, "ACME SUPPLY CO"), addenda=texts)),
            (header, entry(32, 100, 2, "BETA GMBH")),
        ],
    )


def mixed() -> AchFile:
    """Debits and credits of three originators' batches in one file."""
    return build_file(
        msgspec.structs.replace(SPEC, modifier="7"),
        [
            (batch("PPD", 200, "SETTLEMENT"), entry(22, 50_000, 1)),
            (batch("CCD", 220), entry(22, 70_000, 2, "ACME SUPPLY CO")),
            (batch("PPD", 200, "SETTLEMENT"), entry(27, 30_000, 3, "JOHN ROE")),
            (batch("WEB", 225, "RENT"), entry(37, 10_000, 4, kind="R")),
        ],
    )


def balanced() -> AchFile:
    offset = Offset("121042882", "000099998888", count(9).__next__)
    header = batch("PPD", 220)
    items = [
        (header, entry(22, 123_456, 1)),
        (header, entry(32, 1, 2)),
        (batch("TEL", 225), entry(27, 500, 3, kind="S")),
    ]
    return build_file(SPEC, items, offset)


def same_day() -> AchFile:
    header = msgspec.structs.replace(
        batch("CCD", 220), descriptive_date=same_day_marker(CREATED_AT.replace(hour=13, minute=0).time())
    )
    today = msgspec.structs.replace(header, effective_date=CREATED_AT.date())
    return build_file(SPEC, [(today, entry(22, 100_000_000, 1, "ACME SUPPLY CO"))])


def reversal() -> AchFile:
    reversed_entry = (batch("PPD", 225, REVERSAL), msgspec.structs.replace(entry(27, 123_456, 1), trace_sequence=8))
    tel_reversal = (batch("TEL", 220, REVERSAL), msgspec.structs.replace(entry(22, 500, 3, kind="S"), trace_sequence=9))
    return build_file(SPEC, [reversed_entry, tel_reversal])


def micro_entries() -> AchFile:
    header = batch("CCD", 200, MICRO_ENTRY)
    return build_file(SPEC, [(header, entry(22, 7, 1)), (header, entry(22, 9, 2)), (header, entry(27, 16, 3))])


def returns() -> AchFile:
    """R01 of a debit, R03 of a credit, R29 of a CTX, in the batches of three originals."""
    original = build_file(
        SPEC,
        [
            (batch("PPD", 200, "SETTLEMENT"), entry(27, 30_000, 1)),
            (batch("PPD", 200, "SETTLEMENT"), entry(32, 999, 2, "JOHN ROE")),
            (batch("CTX", 225, "INVOICES"), entry(27, 780_000, 3, "ACME SUPPLY CO")),
        ],
    )
    codes = {trace_number(BANK, 1): "R01", trace_number(BANK, 2): "R03", trace_number(BANK, 3): "R29"}
    return answered(return_batches(original, codes, Answering(RECEIVER, 501, "334")))


def cor() -> AchFile:
    original = build_file(SPEC, [(batch("PPD", 220), entry(22, number * 100, number)) for number in range(1, 5)])
    changes = {
        trace_number(BANK, 1): ("C01", Correction(account_number="1918171614")),
        trace_number(BANK, 2): ("C02", Correction(routing_number="091000019")),
        trace_number(BANK, 3): ("C03", Correction(routing_number="091000019", account_number="00987654321")),
        trace_number(BANK, 4): (
            "C07",
            Correction(routing_number="091000019", account_number="12345678901234567", transaction_code=32),
        ),
    }
    return answered(change_batches(original, changes, Answering(RECEIVER, 601, "334")))


def dishonored() -> AchFile:
    returned = returns().batches[0]
    first = dishonored_entry(returned.entries[0], "R68", "334", trace_number(BANK, 701), "LATE BY 3 DAYS")
    header = answer_header(returned.header, Answering(BANK, 701, "336"), 1)
    return answered([make_batch(header, [first])])


def contested() -> AchFile:
    first = dishonored().batches[0]
    entry_back = contested_entry(
        first.entries[0],
        "R73",
        returned_date="261130",
        original_day="334",
        dishonored_day="336",
        trace=trace_number(RECEIVER, 801),
    )
    return answered([make_batch(answer_header(first.header, Answering(RECEIVER, 801, "338"), 1), [entry_back])])


def answered(batches: list[Batch]) -> AchFile:
    """A file from the operator to us."""
    header = file_header(msgspec.structs.replace(SPEC, immediate_destination="121042882", immediate_origin="231380104"))
    return make_file(header, batches)


SAMPLES: dict[str, Callable[[], AchFile]] = {
    build.__name__: build
    for build in (
        ppd,
        payroll,
        ccd,
        web,
        tel,
        ctx,
        mixed,
        balanced,
        same_day,
        reversal,
        micro_entries,
        returns,
        cor,
        dishonored,
        contested,
    )
}


def path(name: str) -> Path:
    """Where the golden bytes of a sample are."""
    return FOLDER / f"{name}.ach"


def main() -> None:
    """Write all samples; read the difference before you commit it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, build in SAMPLES.items():
        path(name).write_bytes(write(build()))


if __name__ == "__main__":
    main()
