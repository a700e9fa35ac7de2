"""What must hold in a batch: its header, its entries together, its control."""

from collections.abc import Sequence

from payment_core.ach.building.totals import Totals
from payment_core.ach.codes.descriptions import MICRO_ENTRY_CENTS_BELOW, Marker, marker_of, suspected_rule
from payment_core.ach.codes.sec import ENTRY_CLASSES, allowed_codes
from payment_core.ach.codes.transaction_codes import Direction
from payment_core.ach.dates import parse_date
from payment_core.ach.model import ABSENT, OFFSET_NAME, Batch, Entry
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.validation.addenda import is_returned
from payment_core.ach.validation.controls import compare_header, compare_totals
from payment_core.ach.validation.entry import EntryCheck, Seen
from payment_core.ach.validation.headers import MIXED, check_batch_header


def check_batch(batch: Batch, findings: Findings, numbers: Sequence[int], position: int, seen: Seen) -> Totals:
    """Report what is wrong with a batch of a supported class; the totals of its entries.

    position: of the batch header among the file's records. seen: traces and routing numbers of the file so far.
    """
    header = batch.header
    returned = bool(batch.entries) and all(map(is_returned, batch.entries))
    check_batch_header(header, numbers[position], findings, returned=returned)
    if not batch.entries:
        findings.add(ErrorCode.EMPTY_BATCH, numbers[position], "record", "a batch needs at least one entry")
    marker = marker_of(header.description)
    entry_class = ENTRY_CLASSES[header.sec_code]
    check = EntryCheck(header, entry_class, allowed_codes(header.sec_code, marker), findings, seen)
    offset = offset_of(batch)
    cursor = position + 1
    for entry in batch.entries:
        check.check(entry, numbers, cursor, is_offset=entry is offset)
        cursor += 1 + len(entry.addenda)
    totals = check.totals
    if not returned:
        if marker is Marker.MICRO_ENTRY:
            _check_micro_entries(batch, offset, totals, numbers[position], findings)
        _check_description(batch, totals, numbers[position], findings)
    if numbers[cursor] != ABSENT:
        compare_header(batch.control, header, numbers[cursor], findings)
        compare_totals(batch.control, totals, numbers[cursor], findings)
    return totals


def offset_of(batch: Batch) -> Entry | None:
    """The entry that balances a mixed batch: its last, named OFFSET, with both sides equal in the control."""
    balanced = batch.control.debit_cents == batch.control.credit_cents
    if batch.header.service_class != MIXED or len(batch.entries) <= 1 or not balanced:
        return None
    last = batch.entries[-1]
    return last if last.receiver_name.strip().upper() == OFFSET_NAME else None


def _check_micro_entries(batch: Batch, offset: Entry | None, totals: Totals, line: int, findings: Findings) -> None:
    own = [entry for entry in batch.entries if entry is not offset]
    if any(entry.amount_cents >= MICRO_ENTRY_CENTS_BELOW for entry in own):
        findings.add(ErrorCode.MICRO_ENTRY_INVALID, line, "amount_cents", "a micro-entry is less than one dollar")
    if offset is None and totals.debit_cents > totals.credit_cents:
        message = "the debits of micro-entries must not be more than their credits"
        findings.add(ErrorCode.MICRO_ENTRY_INVALID, line, "debit_cents", message)


def _check_description(batch: Batch, totals: Totals, line: int, findings: Findings) -> None:
    header = batch.header
    effective = parse_date(header.effective_date)
    if effective is None:
        return
    for direction, cents in ((Direction.CREDIT, totals.credit_cents), (Direction.DEBIT, totals.debit_cents)):
        rule = suspected_rule(header.sec_code, direction, header.description, effective) if cents else None
        if rule is not None:
            message = f"since {rule.effective_from} {rule.purpose} entries of {rule.sec_code} say {rule.description}"
            findings.add(ErrorCode.DESCRIPTION_REQUIRED, line, "description", message)
