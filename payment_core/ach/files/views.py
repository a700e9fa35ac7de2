"""What callers see of entries, files, returns and cases; never an account number."""

import msgspec

from payment_core.ach.codes.returns import return_code
from payment_core.ach.files.incoming.model import AchCase, ReturnFile, ReturnItem
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.outgoing.spreading import is_spread
from payment_core.money import Money


class EntryView(msgspec.Struct, frozen=True):
    """subject_id: the payout, payment, bank account or entry that it is for. return_title: what the code means."""

    id: str
    status: str
    direction: str
    sec: str
    purpose: str
    subject_id: str
    bank_account_id: str
    amount: Money
    file_id: str
    trace_number: str
    effective_on: str
    settles_at_ms: int
    return_code: str
    return_title: str
    failure: str
    attempt: int
    retry_entry_id: str
    reversal_entry_id: str
    created_at_ms: int
    updated_at_ms: int


class FileView(msgspec.Struct, frozen=True):
    """followed: whether every entry is where the file is. problem: why it waits for a person, empty when not."""

    id: str
    status: str
    followed: bool
    name: str
    sha256: str
    size_bytes: int
    modifier: str
    effective_on: str
    same_day: bool
    settles_at_ms: int
    batch_count: int
    entry_count: int
    debit: Money
    credit: Money
    problem: str
    rejected_for: str
    attempts: int
    submitted_at_ms: int
    acknowledged_at_ms: int
    created_at_ms: int
    updated_at_ms: int


class ReturnFileView(msgspec.Struct, frozen=True):
    """The counts and sums are complete once the status is applied; then the four parts add up to the whole."""

    id: str
    status: str
    sha256: str
    source: str
    items: int
    applied: int
    duplicates: int
    quarantined: int
    cases: int
    returned: Money
    applied_amount: Money
    duplicate_amount: Money
    quarantined_amount: Money
    case_amount: Money
    created_at_ms: int
    updated_at_ms: int


class ReturnItemView(msgspec.Struct, frozen=True):
    """outcome: applied, duplicate, quarantined or case; reason: why it was not applied."""

    id: str
    kind: str
    code: str
    original_trace: str
    trace_number: str
    amount: Money
    entry_id: str
    outcome: str
    reason: str
    at_ms: int


class CaseView(msgspec.Struct, frozen=True):
    """case_kind: operations, compliance or page."""

    id: str
    status: str
    case_kind: str
    reason: str
    code: str
    entry_id: str
    subject_id: str
    return_file_id: str
    amount: Money
    closed_by: str
    note: str
    created_at_ms: int
    updated_at_ms: int


def entry_view(entry: AchEntry) -> EntryView:
    """The entry as callers see it."""
    return EntryView(
        id=entry.id,
        status=entry.status,
        direction=entry.direction,
        sec=entry.sec,
        purpose=entry.purpose,
        subject_id=entry.subject_id,
        bank_account_id=entry.bank_account_id,
        amount=Money(entry.amount_cents),
        file_id=entry.file_id,
        trace_number=entry.trace_number,
        effective_on=entry.effective_on,
        settles_at_ms=entry.settles_at_ms,
        return_code=entry.return_code,
        return_title="" if entry.return_code == "" else return_code(entry.return_code).title,
        failure=entry.failure,
        attempt=entry.attempt,
        retry_entry_id=entry.retry_entry_id,
        reversal_entry_id=entry.reversal_entry_id,
        created_at_ms=entry.created_at_ms,
        updated_at_ms=entry.updated_at_ms,
    )


def file_view(file: AchFile) -> FileView:
    """The file as callers see it."""
    return FileView(
        id=file.id,
        status=file.status,
        followed=is_spread(file),
        name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        modifier=file.modifier,
        effective_on=file.effective_on,
        same_day=file.same_day,
        settles_at_ms=file.settles_at_ms,
        batch_count=file.batch_count,
        entry_count=file.entry_count,
        debit=Money(file.debit_cents),
        credit=Money(file.credit_cents),
        problem=file.problem,
        rejected_for=file.rejected_for,
        attempts=file.attempts,
        submitted_at_ms=file.submitted_at_ms,
        acknowledged_at_ms=file.acknowledged_at_ms,
        created_at_ms=file.created_at_ms,
        updated_at_ms=file.updated_at_ms,
    )


def return_file_view(file: ReturnFile) -> ReturnFileView:
    """The return file as callers see it."""
    return ReturnFileView(
        id=file.id,
        status=file.status,
        sha256=file.sha256,
        source=file.source,
        items=file.items,
        applied=file.applied,
        duplicates=file.duplicates,
        quarantined=file.quarantined,
        cases=file.cases,
        returned=Money(file.returned_cents),
        applied_amount=Money(file.applied_cents),
        duplicate_amount=Money(file.duplicate_cents),
        quarantined_amount=Money(file.quarantined_cents),
        case_amount=Money(file.case_cents),
        created_at_ms=file.created_at_ms,
        updated_at_ms=file.updated_at_ms,
    )


def return_item_view(item: ReturnItem) -> ReturnItemView:
    """The item as callers see it."""
    return ReturnItemView(
        id=item.id,
        kind=item.item_kind,
        code=item.code,
        original_trace=item.original_trace,
        trace_number=item.trace_number,
        amount=Money(item.amount_cents),
        entry_id=item.entry_id,
        outcome=item.outcome,
        reason=item.reason,
        at_ms=item.at_ms,
    )


def case_view(case: AchCase) -> CaseView:
    """The case as callers see it."""
    return CaseView(
        id=case.id,
        status=case.status,
        case_kind=case.case_kind,
        reason=case.reason,
        code=case.code,
        entry_id=case.entry_id,
        subject_id=case.subject_id,
        return_file_id=case.return_file_id,
        amount=Money(case.amount_cents),
        closed_by=case.closed_by,
        note=case.note,
        created_at_ms=case.created_at_ms,
        updated_at_ms=case.updated_at_ms,
    )
