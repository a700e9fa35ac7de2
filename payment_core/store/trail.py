"""The audit trail: one hash-chained row for each change of a document, in canonical JSON."""

import hashlib
from collections.abc import Sequence

import msgspec

from payment_core.ledger.journals import Journal

GENESIS = "0" * 64
"""What the first row of a chain follows."""


_encode = msgspec.json.Encoder().encode


class AuditRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One change. Its fields stand in alphabetical order, so that its plain encoding is the canonical one.

    shard, sequence: its place, gapless from 1 in each shard. actor: who asked for it. before_sha256, after_sha256: of
    the document's stored bytes; before is empty for a new one. journals_sha256: over the journals posted in the same
    transaction, on its first row; empty when none were. A transaction that posts and changes no document leaves one
    row of the kind ``journal``. previous_sha256: the hash of the row before it.
    """

    actor: str
    after_sha256: str
    at_ms: int
    before_sha256: str
    id: str
    journals_sha256: str
    kind: str
    previous_sha256: str
    sequence: int
    shard: int
    version: int

    def sha256(self) -> str:
        """The hash of this row: SHA-256 of its canonical JSON, keys sorted, no spaces."""
        return hashlib.sha256(_encode(self)).hexdigest()


def sha256_of(body: bytes) -> str:
    """The hash of a document's stored bytes."""
    return hashlib.sha256(body).hexdigest()


def journals_sha256(journals: Sequence[Journal]) -> str:
    """The hash over journals in their order of posting; empty when there are none."""
    return hashlib.sha256(msgspec.json.encode(journals)).hexdigest() if journals else ""


class GrowingHash:
    """``journals_sha256`` of more and more journals, each encoded once."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(b"[")
        self._separator = b""

    def add(self, journal: Journal) -> str:
        """The hash over all that were added, this one included."""
        self._hash.update(self._separator + msgspec.json.encode(journal))
        self._separator = b","
        whole = self._hash.copy()
        whole.update(b"]")
        return whole.hexdigest()
