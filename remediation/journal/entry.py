"""One line of the journal, what its hash covers, and what a writer holds: head and lease."""

import hashlib

import msgspec

GENESIS_HASH = "0" * 64
"""The previous_hash of entry 1."""
DAEMON = "daemon"
"""The actor of everything that no person did."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An entry before the journal gave it a place.

    at_ms: Unix epoch milliseconds. kind: a name of `remediation.journal.kinds`. actor: who did it, ``daemon`` or a
    person's token name. body: canonical JSON (keys sorted, no spaces), as `kinds.draft` encodes it.
    """

    at_ms: int
    kind: str
    actor: str
    body: msgspec.Raw


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal.

    sequence: from 1, without gaps. epoch: the lease under which it was written. hash: 64 lower-case hex digits.
    body stays the exact bytes that were hashed; `kinds.body_of` decodes it, ``fields`` shows it.
    """

    sequence: int
    epoch: int
    at_ms: int
    kind: str
    actor: str
    body: msgspec.Raw
    previous_hash: str
    hash: str

    @property
    def fields(self) -> dict[str, object]:
        """The body as plain JSON values, for showing."""
        return msgspec.json.decode(self.body, type=dict[str, object])


class Head(msgspec.Struct, frozen=True):
    """The newest entry's sequence and hash; 0 and the genesis hash for an empty journal."""

    sequence: int
    hash: str


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to write. epoch: strictly increasing. holder: empty for nobody. until_ms: Unix epoch ms, excluded."""

    epoch: int
    holder: str
    until_ms: int


class _Hashed(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly what a hash covers; encoded as JSON with sorted keys, no spaces, UTF-8."""

    actor: str
    at_ms: int
    body: msgspec.Raw
    epoch: int
    kind: str
    previous_hash: str
    sequence: int


def canonical(value: object) -> bytes:
    """JSON in the one form that is hashed: keys sorted, no spaces, UTF-8, shortest float digits."""
    return msgspec.json.encode(value, order="sorted")


def seal(draft: Draft, *, sequence: int, epoch: int, previous_hash: str) -> Entry:
    """Give a draft its place and its hash."""
    hashed = _Hashed(
        actor=draft.actor,
        at_ms=draft.at_ms,
        body=draft.body,
        epoch=epoch,
        kind=draft.kind,
        previous_hash=previous_hash,
        sequence=sequence,
    )
    return Entry(
        sequence=sequence,
        epoch=epoch,
        at_ms=draft.at_ms,
        kind=draft.kind,
        actor=draft.actor,
        body=draft.body,
        previous_hash=previous_hash,
        hash=hashlib.sha256(canonical(hashed)).hexdigest(),
    )


def expected_hash(entry: Entry) -> str:
    """The hash that the entry's own content gives; another one stored means that the entry was edited."""
    draft = Draft(at_ms=entry.at_ms, kind=entry.kind, actor=entry.actor, body=entry.body)
    return seal(draft, sequence=entry.sequence, epoch=entry.epoch, previous_hash=entry.previous_hash).hash
