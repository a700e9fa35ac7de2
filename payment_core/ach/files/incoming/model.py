"""What is kept of what banks send back: files, their items, cases for people, and return rates."""

from typing import Literal

from payment_core.store.records import Document, Record

ItemKind = Literal["return", "change"]
ItemOutcome = Literal["applied", "duplicate", "quarantined", "case"]
CaseKind = Literal["operations", "compliance", "page"]
RateFamily = Literal["unauthorized", "administrative", "overall"]


class ReturnFile(Document, frozen=True, gc=False, kw_only=True, tag="ach_return_file"):
    """One file of returns and notifications of change.

    sha256: of its bytes; the same bytes again are this file. items: how many it has. The counts and sums are complete
    once it is applied. returned_cents = applied_cents + duplicate_cents + quarantined_cents + case_cents.
    """

    status: Literal["received", "applied"] = "received"
    sha256: str
    size_bytes: int
    source: str
    content: str
    content_parts: int
    items: int
    returned_cents: int
    applied: int = 0
    duplicates: int = 0
    quarantined: int = 0
    cases: int = 0
    applied_cents: int = 0
    duplicate_cents: int = 0
    quarantined_cents: int = 0
    case_cents: int = 0
    next_at_ms: int = 0

    @property
    def due_at_ms(self) -> int:
        """When the job looks at it."""
        return self.next_at_ms


class ReturnFileHash(Record, frozen=True, gc=False, kw_only=True, tag="ach_return_hash"):
    """Which return file has these bytes; its id is their SHA-256."""

    return_file_id: str


class ReturnItem(Record, frozen=True, gc=False, kw_only=True, tag="ach_return_item"):
    """What became of one item; its id is the file and its place there, and that it exists means that it is done.

    amount_cents: of the return. reason: why it was not applied.
    """

    return_file_id: str
    item_kind: ItemKind
    code: str
    original_trace: str
    trace_number: str
    amount_cents: int = 0
    entry_id: str = ""
    outcome: ItemOutcome
    reason: str = ""
    at_ms: int

    @property
    def owner(self) -> str:
        """The file that it came in."""
        return self.return_file_id


class AchCase(Document, frozen=True, gc=False, kw_only=True, tag="ach_case"):
    """Something that a person has to decide. reason: why, without account numbers. code: the R or C code."""

    case_kind: CaseKind
    status: Literal["open", "closed"] = "open"
    reason: str
    code: str = ""
    entry_id: str = ""
    subject_id: str = ""
    return_file_id: str = ""
    amount_cents: int = 0
    closed_by: str = ""
    note: str = ""

    @property
    def owner(self) -> str:
        """The state, so that open ones are listed together."""
        return self.status


class ReturnRate(Document, frozen=True, gc=False, kw_only=True, tag="ach_return_rate"):
    """The last published rate; its id is the family. slot: the hour it was published for."""

    slot: str
    returned: int
    originated: int


class InboundSeen(Record, frozen=True, gc=False, kw_only=True, tag="ach_inbound"):
    """A file from the bank's box that was dealt with; its id is its name and fingerprint."""

    outcome: str
    at_ms: int


class ContentAccess(Document, frozen=True, gc=False, kw_only=True, tag="ach_content_access"):
    """Who opened the bytes of a file, which hold account numbers; written before they are opened."""

    file_id: str
    actor: str

    @property
    def owner(self) -> str:
        """The file."""
        return self.file_id


RETURN_RECORDS: tuple[type[Record], ...] = (
    ReturnFile,
    ReturnFileHash,
    ReturnItem,
    AchCase,
    ReturnRate,
    InboundSeen,
    ContentAccess,
)
