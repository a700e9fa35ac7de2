"""Writes a document's next version with the event that tells of it, and opens cases for people to decide."""

from typing import TypeVar

import msgspec

from checks.facts import ObjectChanged
from payment_core.identifiers import new_id
from payment_core.origin import Origin
from payment_core.providers.model import CaseKind, ComplianceCase
from payment_core.store.port import Transaction
from payment_core.store.records import Document, kind_of

D = TypeVar("D", bound=Document)


def next_of(document: D, now_ms: int, **changes: object) -> D:
    """The document after these changes, one version on."""
    return msgspec.structs.replace(document, version=document.version + 1, updated_at_ms=now_ms, **changes)


def record_change(
    transaction: Transaction,
    origin: Origin,
    after: Document,
    *,
    status: str,
    previous_status: str = "",
    amount_cents: int = 0,
) -> None:
    """Write the document with the ``object.changed`` that tells of this version."""
    fact = ObjectChanged(
        id=f"{after.id}.{after.version}.changed",
        at_ms=transaction.now_ms,
        subject=after.id,
        region=origin.region,
        environment=origin.environment,
        version=origin.release,
        object=kind_of(type(after)),
        status=status,
        previous_status=previous_status,
        owner=after.owner,
        amount_cents=amount_cents,
    )
    transaction.change(after, fact)


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
