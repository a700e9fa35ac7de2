"""Opens cases for people to decide."""

from payment_core.identifiers import new_id
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.providers.model import CaseKind, ComplianceCase
from payment_core.store.port import Transaction


def open_case(
    transaction: Transaction,
    origin: Origin,
    kind: CaseKind,
    subject_id: str,
    *,
    detail: str,
    amount_cents: int = 0,
) -> ComplianceCase:
    """Put a case before people; detail holds neither an account number nor a screened name."""
    case = ComplianceCase(
        id=new_id("rev", transaction.now_ms),
        created_at_ms=transaction.now_ms,
        updated_at_ms=transaction.now_ms,
        case_kind=kind,
        subject_id=subject_id,
        detail=detail,
        amount_cents=amount_cents,
    )
    record_change(transaction, origin, case, status=case.status, amount_cents=amount_cents)
    return case
