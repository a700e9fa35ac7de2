"""Holds documents, events and journals against what the audit rows say of them (invariants I10 and I11)."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from payment_core.audit.chain import Finding
from payment_core.ledger.journals import Journal
from payment_core.store.port import DocumentPage, OutboxRow, PostedJournal
from payment_core.store.trail import AuditRow, GrowingHash, sha256_of
from payment_core.store.writing import JOURNAL_KIND

PAGE = 500
FINDINGS_MAX = 100
"""Of one kind; more than a person reads."""

DocumentKey = tuple[str, str]
"""Kind and id."""


class Audited(msgspec.Struct, gc=False):
    """What the trail says of one document. changes: its rows. place: of the row with the highest version."""

    version: int
    sha256: str
    changes: int
    place: str


class Expected:
    """Everything that the walked rows say should be there."""

    def __init__(self) -> None:
        self.documents: dict[DocumentKey, Audited] = {}
        self.kinds: set[str] = set()
        self.changes = 0
        self.journals: dict[str, list[str]] = {}
        self.findings: list[Finding] = []

    def take(self, row: AuditRow) -> None:
        """Note one row."""
        place = f"{row.shard}:{row.sequence}"
        if row.journals_sha256:
            self.journals.setdefault(row.journals_sha256, []).append(place)
        if row.kind == JOURNAL_KIND:
            return
        self.changes += 1
        self.kinds.add(row.kind)
        key = (row.kind, row.id)
        known = self.documents.get(key)
        if known is None:
            self.documents[key] = Audited(row.version, row.after_sha256, 1, place)
            return
        if row.version == known.version + 1 and row.before_sha256 != known.sha256:
            what = f"the row changed other bytes of {row.kind} {row.id} than {known.place} left"
            self.findings.append(Finding(place, what))
        known.changes += 1
        if row.version > known.version:
            known.version, known.sha256, known.place = row.version, row.after_sha256, place


class Documents(Protocol):
    """Documents as they are stored."""

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Stored documents of a kind, in the order of their ids."""
        ...


class Contents(Documents, Protocol):
    """What is held against the trail."""

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting."""
        ...

    async def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events."""
        ...


async def count_events(contents: Contents) -> int:
    """Rows of the outbox."""
    counted, after = 0, ""
    while page := await contents.events(after, PAGE):
        counted += len(page)
        after = page[-1].place
    return counted


def everything(_kind: str, _document_id: str) -> bool:
    """Each document."""
    return True


async def check_documents(
    contents: Documents, expected: Expected, wanted: Callable[[str, str], bool] = everything
) -> list[Finding]:
    """Documents whose stored bytes are not those that the trail left, or that only one of the two knows.

    wanted: of which kinds and ids; of others the trail was not asked.
    """
    found: list[Finding] = []
    unseen = set(expected.documents)
    for kind in sorted(expected.kinds):
        after = ""
        while page := (await contents.documents(kind, after, PAGE)).bodies:
            for document_id, body in page:
                unseen.discard((kind, document_id))
                wrong = _wrong_document((kind, document_id), body, expected) if wanted(kind, document_id) else None
                if wrong is not None:
                    found.append(wrong)
            after = page[-1][0]
    found += [
        Finding(_name(key), f"the document is gone; row {expected.documents[key].place} left it")
        for key in sorted(unseen)
    ]
    return found[:FINDINGS_MAX]


def _wrong_document(key: DocumentKey, body: bytes, expected: Expected) -> Finding | None:
    known = expected.documents.get(key)
    if known is None:
        return Finding(_name(key), "the document is in no audit row")
    if sha256_of(body) != known.sha256:
        return Finding(_name(key), f"the document is not as its last row, {known.place}, left it")
    if known.changes != known.version:
        return Finding(_name(key), f"the document is at version {known.version} after {known.changes} changes")
    return None


def _name(key: DocumentKey) -> str:
    return f"{key[0]} {key[1]}"


class JournalMatcher:
    """Finds for each transaction's journals the audit row that holds their hash, and the other way round."""

    def __init__(self, expected: Expected) -> None:
        self._left = {sha256: deque(places) for sha256, places in expected.journals.items()}
        self._group: list[Journal] = []
        self._at_ms = -1
        self.findings: list[Finding] = []

    def add(self, posted: PostedJournal) -> None:
        """Take the next journal; those of one transaction have one time and lie together."""
        if posted.at_ms != self._at_ms:
            self._match()
            self._at_ms = posted.at_ms
        self._group.append(posted.journal)

    def end(self) -> list[Finding]:
        """What is wrong, once all journals were added."""
        self._match()
        places = sorted(place for left in self._left.values() for place in left)
        lost = [Finding(place, "the journals of this row are not stored as they were posted") for place in places]
        return [*self.findings, *lost][:FINDINGS_MAX]

    def _match(self) -> None:
        first = 0
        while first < len(self._group):
            count = self._length_at(first)
            if count == 0:
                name = f"journal {self._group[first].id}"
                self.findings.append(Finding(name, "no audit row has the hash of this journal as it is stored"))
            first += max(1, count)
        self._group = []

    def _length_at(self, first: int) -> int:
        """How many journals from here were posted in one transaction; 0 when no row knows them."""
        hashing = GrowingHash()
        for count in range(1, len(self._group) - first + 1):
            left = self._left.get(hashing.add(self._group[first + count - 1]))
            if left:
                left.popleft()
                return count
        return 0


async def check_journals(contents: Contents, expected: Expected) -> list[Finding]:
    """Journals that no audit row knows, and rows whose journals are not there."""
    matcher = JournalMatcher(expected)
    after, last = 0, ""
    try:
        while page := await contents.journals(after, PAGE):
            for posted in page:
                matcher.add(posted)
                last = posted.journal.id
            after = page[-1].sequence
    except msgspec.MsgspecError:
        what = (
            f"a journal among the {PAGE} after {last} cannot be read: its bytes were changed"
            if last
            else (f"a journal among the first {PAGE} cannot be read: its bytes were changed")
        )
        return [Finding("journals", what)]
    return matcher.end()


def check_counts(expected: Expected, events: int) -> Iterator[Finding]:
    """As many events as changes, and as many changes as versions (I11)."""
    versions = sum(audited.version for audited in expected.documents.values())
    if events != expected.changes:
        yield Finding("outbox", f"it has {events} events; the trail has {expected.changes} changes")
    if versions != expected.changes:
        yield Finding("trail", f"it has {expected.changes} changes; the documents' versions add up to {versions}")
