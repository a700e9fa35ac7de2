"""Writes the files of one kind: one record after another, with count and hash for the manifest."""

import hashlib
from pathlib import Path

import msgspec
import pysequoia

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.manifest import Format

CSV_FIELDS = (
    "id",
    "account",
    "amount",
    "arrival_date",
    "balance_transaction_id",
    "created",
    "currency",
    "destination_id",
    "failure_balance_transaction_id",
    "failure_code",
    "method",
    "status",
    "type",
)
"""Of payouts, as the processor's reports name the columns."""

CARD_FIELDS = (
    "id",
    "email",
    "default_source",
    "card.id",
    "card.number",
    "card.exp_month",
    "card.exp_year",
    "card.name",
    "card.address_line1",
    "card.address_city",
    "card.address_state",
    "card.address_zip",
    "card.address_country",
    "card.transaction_ids",
)
"""Of the transfer file, as the processor documents its columns."""

_AROUND = {
    Kind.PAYMENT_METHODS: (b'{"customers":[', b"]}"),
    Kind.BANK_ACCOUNTS: (b"[", b"]"),
}
_LIST = b'{"object":"list","url":"/v1/%s","has_more":false,"data":['
_BUFFER_BYTES = 2**20


class Nowhere:
    """In place of a writer, for what is not to be in the export."""

    def write(self, record: dict[str, object]) -> None:
        """One record."""

    def write_raw(self, raw: bytes, records: int = 1) -> None:
        """Bytes as they are."""


class Writer:
    """Files of one kind in one format. encrypt_for: a certificate; the clear file is then gone when it is closed."""

    def __init__(
        self, directory: Path, kind: Kind, form: Format, records_per_file: int, encrypt_for: bytes | None = None
    ) -> None:
        self._directory = directory
        self._kind = kind
        self._format = form
        self._most = records_per_file
        self._encrypt_for = encrypt_for
        self._fields = CARD_FIELDS if kind is Kind.PAYMENT_METHODS else CSV_FIELDS
        self.files: list[dict[str, object]] = []
        self._open()

    def write(self, record: dict[str, object]) -> None:
        """One record."""
        self.write_raw(self._row(record) if self._format is Format.CSV else msgspec.json.encode(record))

    def write_raw(self, raw: bytes, records: int = 1) -> None:
        """Bytes as they are, for so many records."""
        if self._count >= self._most:
            self._close()
            self._open()
        if self._format is not Format.JSON:
            raw += b"\n"
        elif self._pieces > 0:
            raw = b",\n" + raw
        self._put(raw)
        self._count += records
        self._pieces += 1

    def close(self) -> list[dict[str, object]]:
        """End the last file; the manifest's lines of all of them."""
        self._close()
        return self.files

    def _open(self) -> None:
        suffix = ".pgp" if self._encrypt_for is not None else ""
        self._name = f"{self._kind}-{len(self.files):04d}.{self._format}{suffix}"
        self._file = (self._directory / self._name).open("wb", buffering=_BUFFER_BYTES)
        self._hash = hashlib.sha256()
        self._count = self._pieces = 0
        if self._format is Format.JSON:
            self._put(_AROUND.get(self._kind, (_LIST % self._kind.encode(), b""))[0])
        elif self._format is Format.CSV:
            self._put(",".join(self._fields).encode() + b"\n")

    def _put(self, raw: bytes) -> None:
        self._file.write(raw)
        self._hash.update(raw)

    def _close(self) -> None:
        if self._format is Format.JSON:
            self._put(_AROUND.get(self._kind, (b"", b"]}"))[1])
        self._file.close()
        digest = self._hash.hexdigest() if self._encrypt_for is None else self._encrypt(self._encrypt_for)
        self.files.append(
            {
                "kind": self._kind,
                "name": self._name,
                "format": self._format,
                "records": self._count,
                "sha256": digest,
                "encrypted": self._encrypt_for is not None,
            }
        )

    def _encrypt(self, certificate: bytes) -> str:
        """Put an OpenPGP message in the place of the clear file; its numbers are invented, so it may be on disk."""
        path = self._directory / self._name
        clear = path.rename(path.with_suffix(".clear"))
        recipient = pysequoia.Cert.from_bytes(certificate)
        pysequoia.encrypt_file(str(clear), str(path), [recipient], armor=False)
        clear.unlink()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _row(self, record: dict[str, object]) -> bytes:
        flat = {
            **{f"{name}_id": value for name, value in record.items()},
            **record,
            **{f"{name}_id": record.get(name) for name in ("balance_transaction", "destination")},
        }
        return ",".join(_field(flat.get(name)) for name in self._fields).encode()


def _field(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(mark in text for mark in ',"\n') else text
