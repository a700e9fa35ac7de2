"""Puts values on the lists and takes them off, within the caller's transaction."""

import msgspec

from checks.facts import Rail
from checks.scoring.lists import ListKind, ListName
from payment_core.fraud.list_model import EntryStatus, FraudListEntry, FraudListPlace, place_id
from payment_core.identifiers import new_id
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction

FREEZE_AUTHOR = "core:fraud-score"
FREEZE_MS = 24 * 3600 * 1000
"""How long a frozen payer stays blocked unless somebody removes the entry: over a night and until people looked."""

EXPIRY_ACTOR = "sweep:fraud-lists"


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be put on a list, in the form in which it is looked up."""

    list: ListName
    of: ListKind
    value: str
    reason: str
    author: str
    expires_at_ms: int
    points: int = 0


def add_entry(transaction: Transaction, origin: Origin, new: NewEntry) -> FraudListEntry | None:
    """Put it on its list; None when a live entry holds the value. One whose time is over ends here."""
    place = place_id(new.list, new.of, new.value)
    known = transaction.get(FraudListPlace, place)
    before = None if known is None else transaction.get(FraudListEntry, known.entry_id)
    if before is not None and before.status == "active":
        if before.expires_at_ms > transaction.now_ms:
            return None
        end_entry(transaction, origin, before, "expired", EXPIRY_ACTOR)
    now_ms = transaction.now_ms
    entry = FraudListEntry(
        id=new_id("fle", now_ms),
        list=new.list,
        of=new.of,
        value=new.value,
        reason=new.reason,
        author=new.author,
        expires_at_ms=new.expires_at_ms,
        points=new.points,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    transaction.put(FraudListPlace(id=place, entry_id=entry.id))
    _record(transaction, origin, entry)
    return entry


def end_entry(
    transaction: Transaction, origin: Origin, entry: FraudListEntry, status: EntryStatus, actor: str
) -> FraudListEntry:
    """Take an active entry off its list for good."""
    ended = next_of(entry, transaction.now_ms, status=status, ended_by=actor)
    transaction.delete(FraudListPlace, place_id(entry.list, entry.of, entry.value))
    _record(transaction, origin, ended, entry.status)
    return ended


def freeze_payer(
    transaction: Transaction, origin: Origin, *, payment_id: str, customer_id: str, rail: Rail, fingerprint: str
) -> None:
    """Block the customer and the method for a day, because a score was in the highest band.

    fingerprint: empty for a method that is not one payer's own, such as a test token.
    """
    values: list[tuple[ListKind, str]] = [("customer", customer_id)]
    if fingerprint != "":
        values.append(("card" if rail == "card" else "bank_account", fingerprint))
    for of, value in values:
        new = NewEntry(
            list="block",
            of=of,
            value=value,
            reason=f"frozen by the score of {payment_id}",
            author=FREEZE_AUTHOR,
            expires_at_ms=transaction.now_ms + FREEZE_MS,
        )
        add_entry(transaction, origin, new)


def _record(transaction: Transaction, origin: Origin, entry: FraudListEntry, previous_status: str = "") -> None:
    """Write it; the event's owner is who added the entry, and the value is not in it."""
    record_change(transaction, origin, entry, status=entry.status, previous_status=previous_status, owner=entry.author)
