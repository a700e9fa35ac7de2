"""Exports for tests: files with the manifest that belongs to them, and what reading them yields."""

import hashlib
import json
from contextlib import aclosing
from pathlib import Path

from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.opening.keys import KeySource, PrivateKey
from payment_core.migration.export.reading import read
from payment_core.migration.export.records import START, Malformed, Position, Read, Record

HASH_KEY = b"a key for hashes of numbers, 32+"
MADE_AT = "2026-11-01T00:00:00+00:00"
MADE_AT_MS = 1_793_491_200_000


class Given:
    """A KeySource that has the key. asked: how often it was."""

    def __init__(self, key: bytes, passphrase: str | None = None) -> None:
        self._key = PrivateKey(key, passphrase)
        self.asked = 0

    async def private_key(self) -> PrivateKey:
        self.asked += 1
        return self._key


def write_file(
    directory: Path,
    kind: Kind,
    content: bytes,
    form: str = "jsonl",
    *,
    records: int,
    sha256: str = "",
    encrypted: bool = False,
    account: str | None = None,
) -> None:
    """One file of a kind, and the manifest with it; further files are added to that."""
    manifest_path = directory / "manifest.json"
    if manifest_path.exists():
        manifest = json.loads(manifest_path.read_text("utf-8"))
    else:
        manifest = {"made_at": MADE_AT, "livemode": True, "account": "acct_1", "files": []}
    name = f"{kind}-{len(manifest['files'])}.{form}"
    (directory / name).write_bytes(content)
    digest = sha256 if sha256 else hashlib.sha256(content).hexdigest()
    line = {"kind": kind, "name": name, "format": form, "records": records, "sha256": digest, "encrypted": encrypted}
    manifest["files"].append(line if account is None else {**line, "account": account})
    manifest_path.write_text(json.dumps(manifest), encoding="utf-8")


async def opened(directory: Path, keys: KeySource | None = None) -> Export:
    """The export in a directory."""
    return await Export.open(directory, keys, HASH_KEY)


async def reads(export: Export, kind: Kind, after: Position = START) -> list[Read]:
    """Everything that reading yields."""
    async with aclosing(read(export, kind, after)) as found:
        return [one async for one in found]


def records(found: list[Read]) -> list[Record]:
    """The records among them."""
    return [one for one in found if isinstance(one, Record)]


def flaws(found: list[Read]) -> list[Malformed]:
    """What is none."""
    return [one for one in found if isinstance(one, Malformed)]


def lines(*objects: object) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def charge(number: int = 1, **changes: object) -> dict[str, object]:
    """A charge as the processor writes one, with what most tests do not ask about left out."""
    return {
        "id": f"ch_{number}a",
        "object": "charge",
        "amount": 2_500,
        "amount_captured": 2_500,
        "amount_refunded": 0,
        "balance_transaction": f"txn_{number}a",
        "captured": True,
        "created": 1_780_000_000,
        "currency": "usd",
        "customer": None,
        "description": None,
        "metadata": {},
        "paid": True,
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "status": "succeeded",
        **changes,
    }
