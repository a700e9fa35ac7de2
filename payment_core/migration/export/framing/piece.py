"""The bytes of one record, or of what stood in its place."""

from typing import Protocol

import msgspec

from payment_core.migration.export.records import Reason

RECORD_BYTES_MAX = 2**20
"""The processor's largest objects have some 100 KB; what is longer is no record, and is not kept in memory."""

TOO_LONG = f"it is longer than {RECORD_BYTES_MAX} bytes"


class Flaw(msgspec.Struct, frozen=True, gc=False):
    """Why something is no record, and what is wrong with it: never its values."""

    reason: Reason
    detail: str


class Piece(msgspec.Struct, frozen=True, gc=False):
    """raw: the bytes of a record; of one that is too long its beginning. end: bytes of the file up to its end."""

    raw: bytes
    end: int
    flaw: Flaw | None = None


class Framer(Protocol):
    """Cuts one file into pieces. Feed it in order, then ask it to finish."""

    def feed(self, chunk: bytes) -> list[Piece]:
        """The records that ended in this chunk. Raises FileUnreadable."""
        ...

    def finish(self) -> list[Piece]:
        """What is left at the end of the file. Raises FileTruncated where the end is missing."""
        ...
