"""The job ``audit-trail``: every record that the old processor had, in its order, hashed into a chain of ours."""

import hashlib
from collections.abc import Sequence
from typing import cast

import msgspec

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Position, Read
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import BatchWork, Prepared, Refused
from payment_core.migration.model import TrailEntry, TrailHead, TrailPage
from payment_core.migration.names import JobName, Outcome
from payment_core.migration.proof.sides import Line
from payment_core.store.port import Transaction
from payment_core.store.trail import GENESIS

TRAIL_HEAD = "head"

_ORDER = {kind: place for place, kind in enumerate(Kind)}


class AuditTrail:
    """Also what is no record stands in the trail, with why: the old processor's trail is kept whole.

    A page belongs to a batch, and the batch's row in the core's own audit trail seals it.
    """

    name = JobName.AUDIT_TRAIL

    async def expect(self, reads: Sequence[Read]) -> list[Line | Refused]:
        """What each entry has to be."""
        return [_prepared(read).line for read in reads]

    async def prepare(self, reads: Sequence[Read]) -> list[Prepared | Refused]:
        """One entry for each record."""
        return [_prepared(read) for read in reads]

    def apply(self, transaction: Transaction, one: Prepared, work: BatchWork) -> Outcome | Refused:
        """Note the entry, unless the trail is past it; the page is written once all of the batch are there."""
        head = transaction.get(TrailHead, TRAIL_HEAD)
        if head is not None and head.export == work.export and _is_behind(one.read, head):
            return Outcome.OLDER
        work.gathered.append(one)
        return Outcome.MOVED

    def finish(self, transaction: Transaction, work: BatchWork) -> None:
        """Write the page behind the one before it."""
        gathered = cast("list[Prepared]", work.gathered)
        if not gathered:
            return
        head = transaction.get(TrailHead, TRAIL_HEAD)
        previous = GENESIS if head is None else head.sha256
        entries = tuple(cast("TrailEntry", one.material) for one in gathered)
        page = TrailPage(
            id=work.batch, entries=entries, previous_sha256=previous, sha256=page_sha256(previous, entries)
        )
        transaction.put(page)
        last = gathered[-1].read
        transaction.put(
            TrailHead(
                id=TRAIL_HEAD,
                page=page.id,
                sha256=page.sha256,
                export=work.export,
                source_kind=last.kind,
                position=last.position,
            )
        )

    def find(self, transaction: Transaction, names: Sequence[str], batch: str) -> list[object]:
        """The page, once for each of its entries."""
        return [transaction.get(TrailPage, batch)] * len(names)

    async def lines(self, names: Sequence[str], found: Sequence[object]) -> list[Line | None]:
        """What the page says, if its own hash is right."""
        pages = cast("Sequence[TrailPage | None]", found)
        page = pages[0] if pages else None
        if page is None or page.sha256 != page_sha256(page.previous_sha256, page.entries):
            return [None] * len(names)
        by_name = {_name(entry): entry for entry in page.entries}
        entries = [by_name.get(name) for name in names]
        return [
            None if entry is None else Line(name, digest_of(entry)) for name, entry in zip(names, entries, strict=True)
        ]

    def release(self, lost_key: str = "") -> None:
        """No key was used."""

    def take_back(self, transaction: Transaction, name: str, now_ms: int) -> str:  # noqa: ARG002 - as every job
        """A trail is never taken back: what was, was."""
        return ""


def page_sha256(previous: str, entries: tuple[TrailEntry, ...]) -> str:
    """The hash of a page: SHA-256 over the one before it and its entries in canonical JSON."""
    return hashlib.sha256(previous.encode() + msgspec.json.encode(entries)).hexdigest()


def _is_behind(read: Read, head: TrailHead) -> bool:
    return _place(read.kind, read.position) <= _place(head.source_kind, head.position)


def _place(kind: Kind, position: Position) -> tuple[int, int, int]:
    """Where something stands in an export."""
    return _ORDER[kind], position.file, position.record


def _prepared(read: Read) -> Prepared:
    reason = read.reason.value if isinstance(read, Malformed) else ""
    occurred_at_ms = 0 if isinstance(read, Malformed) else read.occurred_at_ms
    entry = TrailEntry(read.kind, read.id, read.origin, occurred_at_ms, read.source_hash, reason)
    return Prepared(read, Line(_name(entry), digest_of(entry)), entry)


def _name(entry: TrailEntry) -> str:
    return f"{entry.kind.value}:{entry.id}@{entry.origin}"
