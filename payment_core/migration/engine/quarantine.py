"""Puts aside what cannot move, and notes when a later record of the same object is here."""

import msgspec

from payment_core.migration.export.records import Malformed, Read
from payment_core.migration.jobs.history.bodies import account_of, money_of
from payment_core.migration.jobs.port import Refused, place_of, row_of
from payment_core.migration.model import Quarantined, moved_id
from payment_core.migration.names import JobName
from payment_core.store.port import Transaction


def quarantine_id(read: Read) -> str:
    """By its old id, or by its place where none could be read."""
    return moved_id(read.kind, read.id) if read.id != "" else origin_id(read)


def origin_id(read: Read) -> str:
    """What stood at this place of the export is put aside under this when it had no id."""
    return f"{read.kind.value}@{read.origin}"


def quarantine(transaction: Transaction, job: JobName, refused: Refused) -> int:
    """Put a record aside with the reason; the same again changes nothing. How many more wait now: 0 or 1.

    Of two about one object the later stays. One of which a later state is here is noted, and does not wait.
    """
    read = refused.read
    amount, currency = (0, "") if isinstance(read, Malformed) else money_of(read.body)
    entry = Quarantined(
        id=quarantine_id(read),
        source_kind=read.kind,
        job=job,
        reason=refused.reason,
        detail=refused.detail,
        origin=read.origin,
        source_hash=read.source_hash,
        at_ms=transaction.now_ms,
        amount=amount,
        currency=currency,
        account="" if isinstance(read, Malformed) else account_of(read.body),
        occurred_at_ms=read.occurred_at_ms,
        position=read.position,
    )
    known = transaction.get(Quarantined, entry.id)
    waited = known is not None and known.resolved_at_ms == 0
    if known is not None and waited and (_is_same(known, entry) or place_of(known) > place_of(entry)):
        return 0
    row = row_of(transaction, read.kind, entry.id)
    if row is None or place_of(row) < place_of(entry):
        transaction.put(entry)
        return int(not waited)
    if known is None:
        transaction.put(msgspec.structs.replace(entry, resolved_at_ms=transaction.now_ms))
    return 0


def resolve(transaction: Transaction, read: Read, *, is_mended: bool) -> int:
    """Note that this record of an object that waits is here. How many fewer wait now.

    is_mended: it was read to see what became of what waits, so that it also stands for what had no id at its place.
    """
    names = {quarantine_id(read), origin_id(read)} if is_mended else {quarantine_id(read)}
    return sum(_resolved(transaction, name, read) for name in sorted(names))


def _resolved(transaction: Transaction, name: str, read: Read) -> int:
    known = transaction.get(Quarantined, name)
    if known is None or known.resolved_at_ms > 0 or place_of(known) > place_of(read):
        return 0
    transaction.put(msgspec.structs.replace(known, resolved_at_ms=transaction.now_ms))
    return 1


def _is_same(known: Quarantined, entry: Quarantined) -> bool:
    """Whether the same record was put aside before, be it that it waits or that another one ended that."""
    return msgspec.structs.replace(known, at_ms=entry.at_ms, resolved_at_ms=0) == entry
