"""Entries from what callers say, and entries derived from other entries: prenotes and reversals."""

from datetime import date

import msgspec

from payment_core.ach.descriptions import RETRY_PAYMENT, REVERSAL, Purpose
from payment_core.ach.errors import FieldInvalid, OriginalUnusable
from payment_core.ach.model import SEQUENCE_WIDTH, Entry
from payment_core.ach.records.addenda05 import Addenda05
from payment_core.ach.records.corporate_entry import CorporateEntry
from payment_core.ach.records.entry_detail import EntryDetail
from payment_core.ach.routing import RDFI_WIDTH, ROUTING_WIDTH
from payment_core.ach.sec import ENTRY_CLASSES
from payment_core.ach.specs import BatchSpec, EntrySpec
from payment_core.ach.transaction_codes import TRANSACTION_CODES, Direction, EntryKind, of_kind
from payment_core.ach.validation.headers import CREDITS, DEBITS

TRACE_SEQUENCE_MAX = 9_999_999


def trace_number(odfi_id: str, sequence: int) -> str:
    """ODFI id and sequence, 15 digits with their leading zeros. Raises FieldInvalid outside 1 to 9,999,999."""
    if not 1 <= sequence <= TRACE_SEQUENCE_MAX:
        raise FieldInvalid(f"a trace sequence is 1 to {TRACE_SEQUENCE_MAX}, not {sequence}")
    return f"{odfi_id}{sequence:0{SEQUENCE_WIDTH}d}"


def build_entry(spec: EntrySpec, sec_code: str, odfi_id: str) -> Entry:
    """The entry with its trace and addenda, in the layout of its class. Raises FieldInvalid."""
    trace = trace_number(odfi_id, spec.trace_sequence)
    if len(spec.routing_number) != ROUTING_WIDTH:
        raise FieldInvalid(f"a routing number has {ROUTING_WIDTH} digits")
    addenda = tuple(
        Addenda05(text, sequence, trace[-SEQUENCE_WIDTH:]) for sequence, text in enumerate(spec.addenda, start=1)
    )
    rdfi_id, check_digit = spec.routing_number[:RDFI_WIDTH], spec.routing_number[RDFI_WIDTH:]
    entry_class = ENTRY_CLASSES.get(sec_code)
    if entry_class is not None and entry_class.corporate_layout:
        return CorporateEntry(
            spec.transaction_code,
            rdfi_id,
            check_digit,
            spec.account_number,
            spec.amount_cents,
            spec.identification,
            len(addenda),
            spec.receiver_name,
            spec.discretionary_data,
            1 if addenda else 0,
            trace,
            addenda,
        )
    return EntryDetail(
        spec.transaction_code,
        rdfi_id,
        check_digit,
        spec.account_number,
        spec.amount_cents,
        spec.identification,
        spec.receiver_name,
        spec.discretionary_data,
        1 if addenda else 0,
        trace,
        addenda,
    )


def prenote_of(spec: EntrySpec, trace_sequence: int) -> EntrySpec:
    """A zero-amount entry that tests the account before the first payment. Raises OriginalUnusable."""
    transaction_code = of_kind(spec.transaction_code, EntryKind.PRENOTE)
    if transaction_code is None:
        raise OriginalUnusable(f"code {spec.transaction_code} has no prenote")
    return msgspec.structs.replace(
        spec, transaction_code=transaction_code, amount_cents=0, addenda=(), trace_sequence=trace_sequence
    )


def reversal_of(
    batch: BatchSpec, spec: EntrySpec, effective_date: date, trace_sequence: int
) -> tuple[BatchSpec, EntrySpec]:
    """The entry that takes another one back: the same fields and amount in the opposite direction, as REVERSAL.

    It must be sent within 5 banking days of the original's settlement. Raises OriginalUnusable for entries that moved
    no money.
    """
    known = TRANSACTION_CODES.get(spec.transaction_code)
    opposite = of_kind(spec.transaction_code, EntryKind.LIVE, opposite=True)
    if known is None or known.kind is not EntryKind.LIVE or opposite is None:
        raise OriginalUnusable(f"code {spec.transaction_code} cannot be reversed")
    service_class = _service_class(TRANSACTION_CODES[opposite].direction)
    header = msgspec.structs.replace(
        batch,
        description=REVERSAL,
        effective_date=effective_date,
        service_class=service_class,
        descriptive_date="",
        purpose=Purpose.OTHER,
    )
    return header, msgspec.structs.replace(spec, transaction_code=opposite, trace_sequence=trace_sequence)


def retry_of(
    batch: BatchSpec, spec: EntrySpec, effective_date: date, trace_sequence: int
) -> tuple[BatchSpec, EntrySpec]:
    """A debit that came back with R01 or R09, once more: the same fields and amount, as RETRY PYMT.

    At most twice, within 180 days of the original's settlement. Raises OriginalUnusable for what was no debit.
    """
    known = TRANSACTION_CODES.get(spec.transaction_code)
    if known is None or known.kind is not EntryKind.LIVE or known.direction is not Direction.DEBIT:
        raise OriginalUnusable(f"code {spec.transaction_code} cannot be presented again")
    header = msgspec.structs.replace(
        batch, description=RETRY_PAYMENT, effective_date=effective_date, descriptive_date="", purpose=Purpose.OTHER
    )
    return header, msgspec.structs.replace(spec, trace_sequence=trace_sequence)


def _service_class(direction: Direction) -> int:
    return CREDITS if direction is Direction.CREDIT else DEBITS
