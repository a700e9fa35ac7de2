"""Builds files: groups entries into batches, balances them, computes controls, and refuses what breaks the rules."""

from collections.abc import Iterable

from payment_core.ach.building.entries import build_entry
from payment_core.ach.building.specs import BatchSpec, EntrySpec, FileSpec, Offset
from payment_core.ach.building.totals import batch_control, entry_totals, file_control
from payment_core.ach.codes.descriptions import required_description
from payment_core.ach.codes.transaction_codes import AccountType, Direction, EntryKind, code_for
from payment_core.ach.dates import format_date, format_time
from payment_core.ach.errors import FieldInvalid, FileInvalid, TraceCollision
from payment_core.ach.model import OFFSET_NAME, AchFile, Batch, Entry
from payment_core.ach.problems import ErrorCode, Problem
from payment_core.ach.reading.reader import problems_of
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.records.file_header import FileHeader
from payment_core.ach.validation.headers import MIXED


def build_file(spec: FileSpec, items: Iterable[tuple[BatchSpec, EntrySpec]], offset: Offset | None = None) -> AchFile:
    """A file that the strict profile accepts. Raises FieldInvalid, TraceCollision or FileInvalid.

    Batches come in the order in which their specs first appear, entries by trace, so equal input gives equal bytes.
    offset: balances each batch by one entry against the originator's own account, last in a batch of class 200.
    """
    specs_by_batch: dict[BatchSpec, list[EntrySpec]] = {}
    for batch_spec, entry_spec in items:
        specs_by_batch.setdefault(batch_spec, []).append(entry_spec)
    _refuse_collisions(specs_by_batch.values())
    batches = []
    for batch_number, (batch_spec, specs) in enumerate(specs_by_batch.items(), start=1):
        _refuse_description(batch_spec)
        specs.sort(key=lambda entry_spec: entry_spec.trace_sequence)
        entries = [build_entry(entry_spec, batch_spec.sec_code, spec.odfi_id) for entry_spec in specs]
        service_class = batch_spec.service_class
        if offset is not None:
            service_class = MIXED
            entries.extend(_offset_entries(offset, entries, batch_spec.sec_code, spec.odfi_id))
        header = _batch_header(batch_spec, service_class, spec.odfi_id, batch_number)
        batches.append(make_batch(header, entries))
    return make_file(file_header(spec), batches)


def make_batch(header: BatchHeader, entries: Iterable[Entry]) -> Batch:
    """A batch with its control computed. Raises FieldInvalid when an RDFI id is not a number."""
    kept = tuple(entries)
    return Batch(header, kept, batch_control(header, entry_totals(kept)))


def make_file(header: FileHeader, batches: Iterable[Batch]) -> AchFile:
    """A file with its control computed. Raises FileInvalid when the strict profile would not accept it."""
    kept = tuple(batches)
    file = AchFile(header, kept, file_control(kept))
    problems = problems_of(file)
    if problems:
        raise FileInvalid(problems)
    return file


def file_header(spec: FileSpec) -> FileHeader:
    """The header that a spec asks for."""
    return FileHeader(
        immediate_destination=spec.immediate_destination,
        immediate_origin=spec.immediate_origin,
        creation_date=format_date(spec.created_at.date()),
        creation_time=format_time(spec.created_at.time()),
        file_id_modifier=spec.modifier,
        destination_name=spec.destination_name,
        origin_name=spec.origin_name,
        reference_code=spec.reference_code,
    )


def _batch_header(spec: BatchSpec, service_class: int, odfi_id: str, batch_number: int) -> BatchHeader:
    return BatchHeader(
        service_class=service_class,
        company_name=spec.company_name,
        discretionary_data=spec.discretionary_data,
        company_id=spec.company_id,
        sec_code=spec.sec_code,
        description=spec.description,
        descriptive_date=spec.descriptive_date,
        effective_date=format_date(spec.effective_date),
        settlement_day="",
        originator_status="1",
        odfi_id=odfi_id,
        batch_number=batch_number,
    )


def _offset_entries(offset: Offset, entries: list[Entry], sec_code: str, odfi_id: str) -> list[Entry]:
    """One entry over the difference of both sides; none when they are equal. Raises FieldInvalid beyond the maximum."""
    totals = entry_totals(entries)
    difference_cents = totals.credit_cents - totals.debit_cents
    if not difference_cents:
        return []
    direction = Direction.DEBIT if difference_cents > 0 else Direction.CREDIT
    transaction_code = code_for(offset.account_type, direction, EntryKind.LIVE)
    if transaction_code is None or offset.account_type is AccountType.LOAN:
        raise FieldInvalid("a loan account cannot be the offset account")
    spec = EntrySpec(
        transaction_code=transaction_code,
        routing_number=offset.routing_number,
        account_number=offset.account_number,
        amount_cents=abs(difference_cents),
        receiver_name=OFFSET_NAME,
        trace_sequence=offset.next_sequence(),
        identification=offset.identification,
    )
    return [build_entry(spec, sec_code, odfi_id)]


def _refuse_collisions(groups: Iterable[list[EntrySpec]]) -> None:
    """Before sorting hides it: batches that are merged may bring the same trace twice."""
    seen: set[int] = set()
    for specs in groups:
        for spec in specs:
            if spec.trace_sequence in seen:
                raise TraceCollision(f"sequence {spec.trace_sequence}")
            seen.add(spec.trace_sequence)


def _refuse_description(spec: BatchSpec) -> None:
    for direction in Direction:
        required = required_description(spec.sec_code, direction, spec.purpose, spec.effective_date)
        if required is not None and not spec.description.startswith(required):
            message = f"{spec.sec_code} batches for {spec.purpose} must say {required}"
            raise FileInvalid((Problem(ErrorCode.DESCRIPTION_REQUIRED, 0, "description", message),))
