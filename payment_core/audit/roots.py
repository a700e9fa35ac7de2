"""The daily root: all heads of the audit trail in one signed statement, kept where nobody can change it."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from payment_core.audit.chain import Anchor, Finding, Trail
from payment_core.audit.errors import RootUnreadable
from payment_core.audit.signing import Checker, Signer
from payment_core.store.trail import GENESIS

NAME_FORMAT = "root-%Y-%m-%d.json"


class ShardHead(msgspec.Struct, frozen=True):
    """Where one chain ended."""

    shard: int
    sequence: int
    sha256: str


class Root(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The heads at one time. previous_sha256: of the root before it. signature: over everything else; may be empty."""

    day: str
    at_ms: int
    heads: list[ShardHead]
    previous_sha256: str
    signature: str = ""

    def statement(self) -> bytes:
        """What is signed and hashed: canonical JSON without the signature, keys sorted, no spaces."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="sorted")

    def sha256(self) -> str:
        """What the next root follows."""
        return hashlib.sha256(self.statement()).hexdigest()


class RootArchive(Protocol):
    """Where roots are kept: what was written once is never written again. All raise ArchiveUnavailable."""

    async def names(self) -> list[str]:
        """The names of all roots, in order."""
        ...

    async def read(self, name: str) -> bytes:
        """One root's bytes."""
        ...

    async def write(self, name: str, body: bytes) -> bool:
        """Write a new one; False when there is one of this name."""
        ...


class DailyRoot:
    """The job that writes the day's root at its first run after midnight UTC. signer: None leaves roots unsigned."""

    def __init__(self, trail: Trail, archive: RootArchive, signer: Signer | None) -> None:
        self._trail = trail
        self._archive = archive
        self._signer = signer

    async def run_once(self, now_ms: int) -> int:
        """Write the root of now's day unless it is there; returns how many were written, 0 or 1."""
        at = datetime.fromtimestamp(now_ms / 1000, tz=UTC)
        name = at.strftime(NAME_FORMAT)
        names = await self._archive.names()
        if name in names:
            return 0
        earlier = [other for other in names if other < name]
        previous = decode_root(earlier[-1], await self._archive.read(earlier[-1])).sha256() if earlier else GENESIS
        heads = [ShardHead(*head) for head in sorted(await self._trail.audit_heads())]
        root = Root(day=f"{at:%Y-%m-%d}", at_ms=now_ms, heads=heads, previous_sha256=previous)
        if self._signer is not None:
            root = msgspec.structs.replace(root, signature=self._signer.sign(root.statement()))
        return int(await self._archive.write(name, msgspec.json.encode(root, order="sorted")))


def decode_root(name: str, body: bytes) -> Root:
    """A root's bytes; raises RootUnreadable."""
    try:
        return msgspec.json.decode(body, type=Root)
    except msgspec.MsgspecError as error:
        raise RootUnreadable(f"{name}: {error}") from error


async def read_roots(archive: RootArchive) -> list[tuple[str, Root]]:
    """All roots in order, with their names; raises RootUnreadable and ArchiveUnavailable."""
    return [(name, decode_root(name, await archive.read(name))) for name in await archive.names()]


def anchors_of(roots: Sequence[tuple[str, Root]]) -> list[Anchor]:
    """What the roots say of the chains."""
    return [
        Anchor(head.shard, head.sequence, head.sha256, root.at_ms, name) for name, root in roots for head in root.heads
    ]


def check_roots(roots: Sequence[tuple[str, Root]], checker: Checker | None) -> list[Finding]:
    """The first root whose link, day or signature is wrong. checker: None when there is no key to check with."""
    previous, at_ms = GENESIS, 0
    for name, root in roots:
        if root.previous_sha256 != previous:
            return [Finding(name, "the root does not follow the one before it: one was changed or taken away")]
        if name != datetime.fromtimestamp(root.at_ms / 1000, tz=UTC).strftime(NAME_FORMAT) or root.at_ms <= at_ms:
            return [Finding(name, "the root is of another day than its name says")]
        if checker is not None and not checker.check(root.statement(), root.signature):
            return [Finding(name, "the root's signature is not of this key")]
        previous, at_ms = root.sha256(), root.at_ms
    return []
