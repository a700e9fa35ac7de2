"""Entries of the fraud lists as the API shows them."""

from typing import Literal

import msgspec

from checks.scoring.lists import ListKind, ListName
from payment_core.fraud.list_model import EntryStatus, FraudListEntry


class ListEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry. author: who added it. ended_by: who removed it; empty while it is active. points: how much stricter."""

    id: str
    object: Literal["fraud_list_entry"] = "fraud_list_entry"
    list: ListName
    kind: ListKind
    value: str
    reason: str
    author: str
    status: EntryStatus
    ended_by: str
    points: int
    expires_at_ms: int
    version: int
    created_at_ms: int
    updated_at_ms: int


def view_entry(entry: FraudListEntry) -> ListEntryView:
    """What a caller sees of the entry."""
    return ListEntryView(
        id=entry.id,
        list=entry.list,
        kind=entry.of,
        value=entry.value,
        reason=entry.reason,
        author=entry.author,
        status=entry.status,
        ended_by=entry.ended_by,
        points=entry.points,
        expires_at_ms=entry.expires_at_ms,
        version=entry.version,
        created_at_ms=entry.created_at_ms,
        updated_at_ms=entry.updated_at_ms,
    )
