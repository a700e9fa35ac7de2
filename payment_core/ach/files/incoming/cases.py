"""Opens cases for people about entries and return files, and closes them."""

from enum import StrEnum
from typing import assert_never

from payment_core.ach.files.incoming.model import AchCase, CaseKind
from payment_core.ach.files.model import AchEntry
from payment_core.answers import Explanation
from payment_core.identifiers import new_id
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction


class CaseRefusal(StrEnum):
    """Why a case was not closed, in order of precedence."""

    CASE_NOT_FOUND = "case_not_found"
    CASE_CLOSED = "case_closed"


def explain_case(refusal: CaseRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case CaseRefusal.CASE_NOT_FOUND:
            return Explanation("No such case", 404, "There is no ACH case with this id.")
        case CaseRefusal.CASE_CLOSED:
            return Explanation("Closed", 409, "The case was closed already.")
        case _:
            assert_never(refusal)


def open_ach_case(
    transaction: Transaction,
    origin: Origin,
    kind: CaseKind,
    reason: str,
    *,
    code: str = "",
    entry: AchEntry | None = None,
    return_file_id: str = "",
    amount_cents: int = 0,
) -> AchCase:
    """Put something before people; the event's status is its kind, so that a page wakes whoever is on call."""
    case = AchCase(
        id=new_id("rev", transaction.now_ms),
        created_at_ms=transaction.now_ms,
        updated_at_ms=transaction.now_ms,
        case_kind=kind,
        reason=reason,
        code=code,
        entry_id="" if entry is None else entry.id,
        subject_id="" if entry is None else entry.subject_id,
        return_file_id=return_file_id,
        amount_cents=amount_cents,
    )
    record_change(transaction, origin, case, status=kind, amount_cents=amount_cents)
    return case


def close_case(transaction: Transaction, origin: Origin, case_id: str, actor: str, note: str) -> AchCase | CaseRefusal:
    """Record who decided it, and how."""
    case = transaction.get(AchCase, case_id)
    if case is None:
        return CaseRefusal.CASE_NOT_FOUND
    if case.status == "closed":
        return CaseRefusal.CASE_CLOSED
    after = next_of(case, transaction.now_ms, status="closed", closed_by=actor, note=note)
    record_change(transaction, origin, after, status="closed", previous_status="open")
    return after
