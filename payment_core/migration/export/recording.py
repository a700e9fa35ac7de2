"""Numbers the records of one file: from pieces of bytes to records with their places."""

from collections.abc import Iterable, Iterator

import msgspec

from payment_core.migration.export.decoding.columns import Columns
from payment_core.migration.export.decoding.decoder import Decoded, Decoder
from payment_core.migration.export.framing.piece import Flaw, Piece
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.manifest import Format, ManifestFile
from payment_core.migration.export.records import Malformed, Position, Read, Record
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.export.shapes.payout import Payout

NESTED = frozenset({Kind.PAYMENT_METHODS, Kind.BANK_ACCOUNTS, Kind.OPENING_BALANCES})
"""Of these a piece of a JSON file may hold any number."""

OF_A_BALANCE = (OpeningBalance, BalanceTransaction, Payout)
"""What names the account whose balance it is or changes."""


class Recorder:
    """Takes the pieces of one file in order. place: of the file among those of its kind.

    begin: where reading goes on. With its offset the pieces are those behind it, else all, and records are left out.
    platform: the id of the platform itself, which is the same as no account.
    """

    def __init__(
        self,
        file: ManifestFile,
        place: int,
        begin: Position,
        *,
        hash_key: bytes | None,
        occurred_at_ms: int,
        platform: str = "",
    ) -> None:
        self._file = file
        self._place = place
        self._left_out = begin.record
        self._decoder = Decoder(file.kind, hash_key)
        self._columns: Columns | None = None
        self._occurred_at_ms = occurred_at_ms
        self._platform = platform
        self._keeps_offset = not file.encrypted
        self.count = begin.record if begin.offset > 0 else 0

    def head(self, header: bytes) -> None:
        """Take the header of a CSV file; raises FileUnreadable for one that cannot be used."""
        self._columns = Columns(self._file.kind, header)

    def take(self, pieces: Iterable[Piece]) -> Iterator[Read]:
        """The records in these pieces, without those that were read before."""
        for piece in pieces:
            if self._file.format is Format.CSV and self._columns is None:
                self.head(piece.raw)
            elif self.count < self._left_out and self._file.kind not in NESTED:
                self.count += 1
            else:
                yield from self._records(piece)

    def _records(self, piece: Piece) -> Iterator[Read]:
        decoded = self._decoded(piece)
        last = len(decoded) - 1
        for number, one in enumerate(decoded):
            self.count += 1
            if self.count <= self._left_out:
                continue
            # Amid what is nested in one piece, the file cannot be entered.
            offset = piece.end if self._keeps_offset and number == last else 0
            yield self._read(one, Position(self._place, self.count, offset))

    def _decoded(self, piece: Piece) -> list[Decoded]:
        if piece.flaw is not None:
            return [self._decoder.flawed(piece.raw, piece.flaw)]
        if self._columns is None:
            return self._decoder.decode(piece.raw)
        row = self._columns.row(piece.raw)
        if isinstance(row, Flaw):
            return [self._decoder.flawed(piece.raw, row)]
        return [self._decoder.decode_row(row, piece.raw)]

    def _read(self, one: Decoded, position: Position) -> Read:
        file, body = self._file, one.body
        if isinstance(body, Flaw):
            return Malformed(
                kind=file.kind,
                reason=body.reason,
                detail=body.detail,
                source_hash=one.source_hash,
                position=position,
                file=file.name,
                occurred_at_ms=self._occurred_at_ms,
                id=one.id,
            )
        if file.account is not None and getattr(body, "account", file.account) is None:
            body = msgspec.structs.replace(body, account=file.account)
        if isinstance(body, OF_A_BALANCE) and body.account in {self._platform, ""}:
            # One balance under two names would be two accounts of the ledger, and each of them wrong.
            body = msgspec.structs.replace(body, account=None)
        return Record(
            kind=file.kind,
            id=body.id,
            body=body,
            source_hash=one.source_hash,
            position=position,
            file=file.name,
            occurred_at_ms=self._occurred_at_ms,
            is_removed=getattr(body, "deleted", False),
        )
