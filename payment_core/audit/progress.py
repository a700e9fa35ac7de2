"""What the core's own verification of its trail remembers over a restart, and what came of the last whole one."""

import msgspec

from payment_core.audit.chain import Finding
from payment_core.audit.following import ShardPlace
from payment_core.store.records import Record

PROGRESS_ID = "audit"


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A verification that came to its end, or to something wrong. rows, documents: that were looked at.

    roots: daily roots that were held against it. findings: what is not as it was written; empty when all is.
    """

    began_at_ms: int
    ended_at_ms: int
    rows: int
    documents: int
    roots: int
    findings: tuple[Finding, ...] = ()


class AuditProgress(Record, frozen=True, gc=False, kw_only=True, tag="audit_progress"):
    """One for all processes. holder: who walks, until held_until_ms; another one goes on behind ``places`` then.

    began_at_ms: of the verification under way, 0 while none is. places, kinds, sums: what it found so far.
    followed_at_ms: when the end of the trail was last reached. last: the newest that is over.
    """

    holder: str = ""
    held_until_ms: int = 0
    began_at_ms: int = 0
    places: tuple[ShardPlace, ...] = ()
    kinds: tuple[str, ...] = ()
    sums: bytes = b""
    followed_at_ms: int = 0
    last: Verification | None = None

    @property
    def rows(self) -> int:
        """Rows that were walked."""
        return sum(place.chain.last for place in self.places)


RECORDS = (AuditProgress,)
