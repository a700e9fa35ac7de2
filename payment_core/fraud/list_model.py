"""Entries of the block and allow lists as they are kept, and what keeps each of them the only one of its value."""

from typing import Literal

from checks.scoring.lists import ListEntry, ListKind, ListName
from payment_core.store.records import Document, Record

EntryStatus = Literal["active", "removed", "expired"]

ACTIVE, ENDED = "active", "ended"
"""What entries are listed under."""


class FraudListEntry(Document, frozen=True, gc=False, kw_only=True, tag="fraud_list_entry"):
    """One value on a list.

    value: a fingerprint, a keyed hash, an id, a network, a card's first six digits or a rail; never a number of a card
    or account. points: how much stricter, on that list alone.
    author: the actor who added it; ended_by: who removed it. reason: why it was added. expires_at_ms: excluded.
    """

    list: ListName
    of: ListKind
    value: str
    reason: str
    author: str
    expires_at_ms: int
    status: EntryStatus = "active"
    ended_by: str = ""
    points: int = 0

    @property
    def due_at_ms(self) -> int:
        """When it has to be taken off its list."""
        return self.expires_at_ms if self.status == "active" else 0

    @property
    def owner(self) -> str:
        """Entries that are on a list are found apart from those that were."""
        return ACTIVE if self.status == "active" else ENDED


class FraudListPlace(Record, frozen=True, gc=False, kw_only=True, tag="fraud_list_place"):
    """Which entry holds a value; the id is list, kind and value."""

    entry_id: str


RECORDS: tuple[type[Record], ...] = (FraudListEntry, FraudListPlace)


def place_id(name: ListName, of: ListKind, value: str) -> str:
    """The id of the place of a value."""
    return f"{name}:{of}:{value}"


def scored_entry(entry: FraudListEntry) -> ListEntry:
    """The entry as the scorer's lists take it."""
    return ListEntry(
        list=entry.list,
        kind=entry.of,
        value=entry.value,
        reason=entry.reason,
        author=entry.author,
        expires_at_ms=entry.expires_at_ms,
        added_at_ms=entry.created_at_ms,
        points=entry.points,
    )
