"""Writes the next version of a document with the event that tells of it."""

from typing import TypeVar

import msgspec

from checks.facts import ObjectChanged
from payment_core.origin import Origin
from payment_core.store.port import Transaction
from payment_core.store.records import Document, kind_of

D = TypeVar("D", bound=Document)


def next_of(document: D, now_ms: int, **changes: object) -> D:
    """The document after these changes, one version on."""
    return msgspec.structs.replace(document, version=document.version + 1, updated_at_ms=now_ms, **changes)


def object_changed(
    after: Document,
    origin: Origin,
    *,
    status: str,
    previous_status: str = "",
    amount_cents: int = 0,
    owner: str | None = None,
) -> ObjectChanged:
    """The event of a change that has no fact of its own. owner: None for the one that it is listed under."""
    return ObjectChanged(
        id=f"{after.id}.{after.version}.changed",
        at_ms=after.updated_at_ms,
        subject=after.id,
        region=origin.region,
        environment=origin.environment,
        version=origin.release,
        object=kind_of(type(after)),
        status=status,
        previous_status=previous_status,
        owner=after.owner if owner is None else owner,
        amount_cents=amount_cents,
    )


def record_change(
    transaction: Transaction,
    origin: Origin,
    after: Document,
    *,
    status: str,
    previous_status: str = "",
    amount_cents: int = 0,
    owner: str | None = None,
) -> None:
    """Write the document with the ``object.changed`` that tells of this version."""
    transaction.change(
        after,
        object_changed(
            after, origin, status=status, previous_status=previous_status, amount_cents=amount_cents, owner=owner
        ),
    )
