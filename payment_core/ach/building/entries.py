"""Entries from what callers say."""

from payment_core.ach.building.specs import EntrySpec
from payment_core.ach.codes.routing import RDFI_WIDTH, ROUTING_WIDTH
from payment_core.ach.codes.sec import ENTRY_CLASSES
from payment_core.ach.errors import FieldInvalid
from payment_core.ach.model import SEQUENCE_WIDTH, Entry
from payment_core.ach.records.addenda05 import Addenda05
from payment_core.ach.records.corporate_entry import CorporateEntry
from payment_core.ach.records.entry_detail import EntryDetail

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
