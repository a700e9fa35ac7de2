"""``manifest.json``: what an export holds, by file, so that what is missing or changed is seen beforehand."""

import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from payment_core.migration.export.errors import ManifestUnusable
from payment_core.migration.export.kinds import Kind

NAME = "manifest.json"
FILES_MAX = 10_000
BYTES_MAX = 16 * 2**20
"""Of the manifest: 10,000 files with long names are below it."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_SHA256 = r"^[0-9a-f]{64}$"


class Format(StrEnum):
    """How records stand in a file.

    jsonl: one JSON object a line. json: an array of them, the API's list object with ``data``, or the transfer file's
    ``{"customers": [...]}``. csv: RFC 4180 with a header, columns as in the processor's reports.
    """

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file. name: in the manifest's directory. sha256: of its bytes as they lie there, encrypted or not.

    records: objects of this kind in it, those that cannot be used included: cards of a transfer file, not customers;
    currencies of opening balances.
    encrypted: OpenPGP (RFC 9580), armored or not. account: the connected account whose balance its records are about,
    where they do not say so themselves.
    """

    kind: Kind
    name: str
    format: Format
    records: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern=_SHA256)]
    encrypted: bool = False
    account: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An export. made_at: when it was made; what changed later comes by the feed. account: the platform's id.

    livemode: false for the processor's test data, which is never moved beside real data.
    """

    made_at: Annotated[datetime, msgspec.Meta(tz=True)]
    livemode: bool
    account: str
    files: Annotated[tuple[ManifestFile, ...], msgspec.Meta(max_length=FILES_MAX)]

    @property
    def made_at_ms(self) -> int:
        """When it was made, Unix milliseconds."""
        return round(self.made_at.timestamp() * 1000)

    def of(self, kind: Kind) -> tuple[ManifestFile, ...]:
        """The files of a kind, in their order."""
        return tuple(file for file in self.files if file.kind is kind)


def manifest_of(text: bytes) -> Manifest:
    """The manifest in these bytes; raises ManifestUnusable with the place of what is wrong."""
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ManifestUnusable(f"{NAME}: {error}.") from error
    seen: set[tuple[Kind, str]] = set()
    for place, file in enumerate(manifest.files):
        where = f"{NAME}: files[{place}].name"
        if not _FILE_NAME.fullmatch(file.name):
            raise ManifestUnusable(f"{where}: {file.name!r:.80} is no plain name of a file beside the manifest.")
        if (file.kind, file.name) in seen:
            raise ManifestUnusable(f"{where}: {file.name} is listed twice as {file.kind}.")
        seen.add((file.kind, file.name))
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """The manifest in a directory; raises ManifestUnusable. It waits for the disk."""
    path = directory / NAME
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise ManifestUnusable(f"{path}: {error.strerror}; name the directory that holds {NAME}.") from error
    if len(text) > BYTES_MAX:
        raise ManifestUnusable(f"{path}: it is longer than {BYTES_MAX // 2**20} MiB.")
    return manifest_of(text)
