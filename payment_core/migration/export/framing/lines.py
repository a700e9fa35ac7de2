"""Records that are lines: JSON Lines, and rows of CSV whose quoted fields may hold new lines."""

from payment_core.migration.export.framing.piece import RECORD_BYTES_MAX, TOO_LONG, Flaw, Piece
from payment_core.migration.export.records import Reason

_MARK = b"\xef\xbb\xbf"
"""What some programs put before UTF-8."""


class Lines:
    """A Framer. quoted: a new line between double quotes is part of the record (RFC 4180). start: bytes before this."""

    def __init__(self, start: int = 0, *, quoted: bool = False) -> None:
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._quotes = 0
        self._at = start
        self._quoted = quoted
        self._skipping = False

    def feed(self, chunk: bytes) -> list[Piece]:
        """The lines that ended in this chunk; blank ones are left out."""
        lines = chunk.split(b"\n")
        last = lines.pop()
        pieces: list[Piece] = []
        for line in lines:
            if self._skipping:
                self._at += len(line) + 1
                self._skipping = False
            elif not self._rest and (not self._quoted or line.count(b'"') % 2 == 0):
                # Nearly every line: it begins and ends here.
                self._at += len(line) + 1
                self._whole(line, pieces)
            else:
                self._add(line + b"\n", pieces)
                if not self._quoted or self._quotes % 2 == 0:
                    self._take(pieces)
        if last:
            self._add(last, pieces)
        return pieces

    def finish(self) -> list[Piece]:
        """The last line, when no new line ends it."""
        pieces: list[Piece] = []
        self._take(pieces)
        return pieces

    def _add(self, part: bytes, pieces: list[Piece]) -> None:
        self._at += len(part)
        if self._skipping:
            return
        self._rest.append(part)
        self._rest_bytes += len(part)
        if self._quoted:
            self._quotes += part.count(b'"')
        if self._rest_bytes > RECORD_BYTES_MAX:
            self._cut(pieces)

    def _cut(self, pieces: list[Piece]) -> None:
        """Tell of a record that is too long; what follows up to the next line's end is part of it."""
        ends_here = self._rest[-1].endswith(b"\n")
        pieces.append(Piece(b"".join(self._rest)[:RECORD_BYTES_MAX], self._at, Flaw(Reason.TOO_LONG, TOO_LONG)))
        self._forget()
        self._skipping = not ends_here

    def _take(self, pieces: list[Piece]) -> None:
        if self._skipping:
            self._skipping = False
            return
        line = b"".join(self._rest)
        self._forget()
        self._whole(line, pieces)

    def _whole(self, line: bytes, pieces: list[Piece]) -> None:
        if len(line) > RECORD_BYTES_MAX:
            pieces.append(Piece(line[:RECORD_BYTES_MAX], self._at, Flaw(Reason.TOO_LONG, TOO_LONG)))
            return
        text = line.strip().removeprefix(_MARK)
        if text:
            pieces.append(Piece(text, self._at))

    def _forget(self) -> None:
        self._rest = []
        self._rest_bytes = self._quotes = 0
