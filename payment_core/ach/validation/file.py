"""What must hold in a file as a whole: its header, its batches in order, its control."""

from collections.abc import Sequence

from payment_core.ach.building.totals import HASH_MODULUS, Totals, block_count
from payment_core.ach.codes.sec import ENTRY_CLASSES
from payment_core.ach.model import ABSENT, AchFile, record_count
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.records.file_control import FileControl
from payment_core.ach.validation.batch import check_batch
from payment_core.ach.validation.controls import compare_totals
from payment_core.ach.validation.entry import Seen
from payment_core.ach.validation.headers import check_file_header


def check_file(file: AchFile, findings: Findings, line_numbers: Sequence[int] | None = None) -> None:
    """Report everything that is wrong; nothing is changed.

    line_numbers: of the file's records in the source, in order; without it, as `write` would number them.
    """
    numbers = range(1, record_count(file.batches) + 1) if line_numbers is None else line_numbers
    if numbers[0] != ABSENT:
        check_file_header(file.header, numbers[0], findings)
    if not file.batches:
        findings.add(ErrorCode.NO_BATCHES, numbers[-1], "record", "the file has no batches")
    seen = Seen()
    sums: list[Totals] = []
    position = 1
    previous_number = 0
    for batch in file.batches:
        number = batch.header.batch_number
        line = numbers[position]
        if number <= previous_number:
            message = f"is {number} after {previous_number}; batch numbers ascend"
            findings.add(ErrorCode.BATCH_NUMBER_ORDER, line, "batch_number", message)
        previous_number = number
        if batch.header.sec_code in ENTRY_CLASSES:
            sums.append(check_batch(batch, findings, numbers, position, seen))
        else:
            classes = ", ".join(ENTRY_CLASSES)
            message = f"this entry class is not supported; supported are {classes}"
            findings.add(ErrorCode.UNSUPPORTED_SEC, line, "sec_code", message)
            control = batch.control
            sums.append(
                Totals(control.entry_addenda_count, control.entry_hash, control.debit_cents, control.credit_cents)
            )
        position += 2 + sum(1 + len(entry.addenda) for entry in batch.entries)
    if numbers[-1] != ABSENT:
        _check_control(file.control, sums, record_count(file.batches), numbers[-1], findings)


def _check_control(control: FileControl, sums: list[Totals], records: int, line: int, findings: Findings) -> None:
    """Against the entries themselves, so that a batch control that is wrong does not hide behind the file's."""
    if control.block_count != block_count(records):
        message = f"says {control.block_count} blocks, {records} records fill {block_count(records)}"
        findings.add(ErrorCode.BLOCK_COUNT_MISMATCH, line, "block_count", message)
    counted = len(sums)
    if control.batch_count != counted:
        message = f"says {control.batch_count}, the file has {counted}"
        findings.add(ErrorCode.BATCH_COUNT_MISMATCH, line, "batch_count", message)
    totals = Totals(
        sum(part.entry_addenda_count for part in sums),
        sum(part.entry_hash for part in sums) % HASH_MODULUS,
        sum(part.debit_cents for part in sums),
        sum(part.credit_cents for part in sums),
    )
    compare_totals(control, totals, line, findings)
