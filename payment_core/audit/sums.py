"""Holds any number of documents against their audit rows in a few numbers: sums of hashes, which come out the same."""

import hashlib
import zlib
from collections.abc import Sequence

import msgspec

from payment_core.store.trail import AuditRow
from payment_core.store.writing import JOURNAL_KIND

BUCKETS = 64
"""A difference is looked for among the documents of its bucket alone, so that a 64th of all has room in memory."""

_MODULUS = 1 << 256
_BYTES = 32


class _Versioned(msgspec.Struct):
    version: int = 1


_decode_version = msgspec.msgpack.Decoder(_Versioned).decode


def bucket_of(kind: str, record_id: str) -> int:
    """The bucket of a document, the same on every machine."""
    return zlib.crc32(f"{kind}/{record_id}".encode()) % BUCKETS


class DocumentSums:
    """For each bucket the sum of hashes of all states that documents are left in (AdHash, Bellare and Micciancio 1997).

    An audit row adds the state that it left and takes the one that it found. When each row found what the one before it
    left, and no version was skipped (I10), what is left over is each document's last state: the same as is stored.
    """

    def __init__(self, sums: Sequence[int] = (0,) * BUCKETS) -> None:
        self.sums = list(sums)

    def take(self, row: AuditRow) -> None:
        """Add a row; in any order."""
        if row.kind == JOURNAL_KIND:
            return
        bucket = bucket_of(row.kind, row.id)
        self._add(bucket, _state(row.kind, row.id, row.version, row.after_sha256))
        if row.before_sha256 or row.version != 1:
            self._add(bucket, -_state(row.kind, row.id, row.version - 1, row.before_sha256))

    def store(self, kind: str, record_id: str, body: bytes) -> None:
        """Add a document as it is stored; one that cannot be read equals nothing."""
        try:
            version = _decode_version(body).version
        except msgspec.MsgspecError:
            version = -1
        self._add(bucket_of(kind, record_id), _state(kind, record_id, version, hashlib.sha256(body).hexdigest()))

    def copy(self) -> "DocumentSums":
        """Another one with the same sums."""
        return DocumentSums(self.sums)

    def differing(self, other: "DocumentSums") -> frozenset[int]:
        """Buckets in which the two do not come to the same."""
        return frozenset(
            bucket for bucket, (ours, theirs) in enumerate(zip(self.sums, other.sums, strict=True)) if ours != theirs
        )

    def packed(self) -> bytes:
        """To be kept over a restart."""
        return b"".join(each.to_bytes(_BYTES, "big") for each in self.sums)

    def _add(self, bucket: int, number: int) -> None:
        self.sums[bucket] = (self.sums[bucket] + number) % _MODULUS


def unpacked(packed: bytes) -> DocumentSums:
    """What was packed."""
    return DocumentSums([int.from_bytes(packed[at : at + _BYTES], "big") for at in range(0, len(packed), _BYTES)])


def _state(kind: str, record_id: str, version: int, sha256: str) -> int:
    # Lengths before the names, so that no two states are written alike.
    written = f"{len(kind)} {kind} {len(record_id)} {record_id} {version} {sha256}"
    return int.from_bytes(hashlib.sha256(written.encode()).digest(), "big")
