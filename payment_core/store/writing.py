"""What a transaction writes, worked out once for every store: stored bytes, audit rows and events."""

import msgspec

from payment_core.store.records import kind_of
from payment_core.store.stage import Key, Registry, Stage
from payment_core.store.trail import GENESIS, AuditRow, journals_sha256, sha256_of

JOURNAL_KIND = "journal"
"""The kind of the audit row of a transaction that posts and changes no document."""


_encode_fact = msgspec.json.Encoder().encode


class Head(msgspec.Struct, frozen=True, gc=False):
    """Where a shard of the audit trail ends: its last sequence and the hash of that row."""

    sequence: int = 0
    sha256: str = GENESIS


class Written(msgspec.Struct, frozen=True, gc=False):
    """bodies: stored bytes by key, empty for what is removed. head: of the audit shard after these rows."""

    bodies: dict[Key, bytes]
    audit: list[AuditRow]
    events: list[bytes]
    head: Head


def write_out(stage: Stage, registry: Registry, actor: str, *, shard: int, head: Head, next_event: int) -> Written:
    """The rows of a finished stage.

    shard, head: of the audit trail that they continue. next_event: the sequence of the first event; 0 leaves events
    without one, for a store that keeps no single order.
    """
    encode = registry.encode
    bodies = {key: b"" if record is None else encode(record) for key, record in stage.records.items()}
    posted = journals_sha256(stage.journals)
    audit: list[AuditRow] = []
    events: list[bytes] = []
    sequence, previous = head.sequence, head.sha256
    for change in stage.changes:
        sequence += 1
        after = change.after
        key = (kind_of(type(after)), after.id)
        # A document that is changed twice is encoded twice; its last version is what is stored.
        body = bodies[key] if stage.records[key] is after else encode(after)
        row = AuditRow(
            shard=shard,
            sequence=sequence,
            at_ms=stage.now_ms,
            actor=actor,
            kind=key[0],
            id=key[1],
            version=after.version,
            before_sha256="" if change.before is None else sha256_of(encode(change.before)),
            after_sha256=sha256_of(body),
            journals_sha256=posted,
            previous_sha256=previous,
        )
        posted = ""
        previous = row.sha256()
        audit.append(row)
        number = next_event + len(events) if next_event > 0 else 0
        events.append(
            _encode_fact(change.fact if number == 0 else msgspec.structs.replace(change.fact, sequence=number))
        )
    if posted:
        row = _journal_row(stage, actor, shard, Head(sequence, previous), posted)
        audit.append(row)
        sequence, previous = row.sequence, row.sha256()
    return Written(bodies, audit, events, Head(sequence, previous))


def _journal_row(stage: Stage, actor: str, shard: int, head: Head, posted: str) -> AuditRow:
    return AuditRow(
        shard=shard,
        sequence=head.sequence + 1,
        at_ms=stage.now_ms,
        actor=actor,
        kind=JOURNAL_KIND,
        id=stage.journals[0].id,
        version=0,
        before_sha256="",
        after_sha256="",
        journals_sha256=posted,
        previous_sha256=head.sha256,
    )
