"""What the store keeps of a migration: runs with their checkpoints, batches with their proofs, and who is who."""

from typing import Self

import msgspec

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import START, Position
from payment_core.migration.names import JobName, JobState
from payment_core.migration.proof.sides import Line, Side
from payment_core.store.records import Document, Record

ACTOR_PREFIX = "migration:"
"""Begins the actor of everything that a migration writes, so that a dual write does not send it back."""


class Counts(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Records by what became of them; ``read`` is the sum of all others."""

    read: int = 0
    moved: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    older: int = 0
    quarantined: int = 0

    def __add__(self, other: Self) -> "Counts":
        """Both together."""
        return Counts(
            read=self.read + other.read,
            moved=self.moved + other.moved,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            merged=self.merged + other.merged,
            older=self.older + other.older,
            quarantined=self.quarantined + other.quarantined,
        )


class MigrationRun(Record, frozen=True, gc=False, kw_only=True, tag="migration_run"):
    """Where a job is; its id is the job's name. Changed in the transaction of each batch: it is the checkpoint.

    export: SHA-256 of the manifest it reads; made_at_ms: when that was made. passes: how often it began from the first
    record; only_waiting: this one takes what is in quarantine alone. source_kind, position: what was read last, to go
    on behind it. batches: committed so far, and the number of the last one. waiting: records in quarantine. proved: the
    last batch whose two sides were found equal. source, target: of all proved batches. runner, epoch, lease_until_ms:
    who works on it; a runner with a lower epoch can write nothing more. why: of a stop, with both sides. total: records
    in the export. no_return: it passed its point of no return. undone: records taken back; undo_after: id up to which
    that went; stayed: what could not be taken back and why, the first ones.
    """

    state: JobState = JobState.NEW
    export: str = ""
    made_at_ms: int = 0
    passes: int = 0
    only_waiting: bool = False
    source_kind: Kind | None = None
    position: Position = START
    batches: int = 0
    proved: int = 0
    total: int = 0
    counts: Counts = Counts()
    waiting: int = 0
    source: Side = Side()
    target: Side = Side()
    runner: str = ""
    epoch: int = 0
    lease_until_ms: int = 0
    started_at_ms: int = 0
    updated_at_ms: int = 0
    ended_at_ms: int = 0
    why: str = ""
    no_return: bool = False
    undone: int = 0
    undo_after: str = ""
    stayed: tuple[str, ...] = ()


class LedgerTotal(msgspec.Struct, frozen=True, gc=False):
    """What an account has to hold after a batch, in minor units: its debits and credits so far."""

    account: str
    currency: str
    debits: int
    credits: int


class MigrationBatch(Document, frozen=True, gc=False, kw_only=True, tag="migration_batch"):
    """One batch; its id is ``JOB:PASS:NUMBER``. Its audit row seals everything that the batch wrote.

    lines: of every record that must be found again, from the export; dropped once that was proved. source: their sum.
    target: of what was read back from the store; None while the batch is unproved. ledger: what accounts must hold.
    journals: ids of what it posted. first, last: where its records stood in the export.
    """

    job: JobName
    number: int
    passes: int
    source_kind: Kind
    counts: Counts
    source: Side
    target: Side | None = None
    lines: tuple[Line, ...] = ()
    ledger: tuple[LedgerTotal, ...] = ()
    journals: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    undone_at_ms: int = 0

    @property
    def owner(self) -> str:
        """Batches are listed by job."""
        return self.job.value


class Moved(Record, frozen=True, gc=False, kw_only=True, tag="migration_moved"):
    """What a record of the old processor is here; its id is ``KIND:OLD_ID``.

    local_id: the object's id here. source_hash: of the record that was moved last. content: hash of everything that
    the proof compares, by which the same record again is known. validation: keyed hash of the number that was sealed,
    empty where there is none. occurred_at_ms, position: when the old processor's object was like this, and where the
    export says so; of two records the later one counts. kept: as JSON what has no place in the object here, never a
    number. version: of the object here when it was written; a later one was changed here since. made_here: no job moved
    it; it was made here and told there, so that no undo takes it back. undone_at_ms: it was taken back; 0 while it is
    here.
    """

    local_id: str
    source_hash: str
    content: str
    version: int = 0
    validation: str = ""
    moved_at_ms: int
    occurred_at_ms: int
    position: Position = START
    kept: bytes = b""
    made_here: bool = False
    undone_at_ms: int = 0

    @property
    def owner(self) -> str:
        """From here to there: ``KIND:LOCAL_ID``."""
        return f"{self.id.partition(':')[0]}:{self.local_id}"


class Historical(Record, frozen=True, gc=False, kw_only=True, tag="migration_history"):
    """An opening balance, charge, refund, dispute, payout or balance transaction as it was; its id is ``KIND:OLD_ID``.

    body: the object as JSON, to the field. about: ``KIND:OLD_ID`` or id of what it belongs to, by which it is listed.
    amount: minor units of the currency (ISO 4217 in capitals). The other fields are as those of what moved.
    """

    body: bytes
    about: str = ""
    amount: int
    currency: str
    source_hash: str
    occurred_at_ms: int
    position: Position = START
    moved_at_ms: int = 0
    undone_at_ms: int = 0

    @property
    def owner(self) -> str:
        """What it belongs to."""
        return self.about


class Opened(Record, frozen=True, gc=False, kw_only=True, tag="migration_opened"):
    """Since when the history of one of the old processor's accounts counts; its id is the account's, or ``platform``.

    as_of: by currency (ISO 4217 in capitals), Unix seconds; what was before is in the opening balance.
    """

    as_of: dict[str, int]

    def since(self, currency: str) -> int:
        """The time of this currency; of one that has no opening balance the earliest of the others: it held nothing."""
        return self.as_of.get(currency, min(self.as_of.values()))


class SealedOnce(Record, frozen=True, gc=False, kw_only=True, tag="migration_sealed"):
    """The one token of a number that an owner has; its id is ``OWNER:FINGERPRINT``.

    names: ids of the ``Moved`` that lead to it, more than one where the old processor had the number more than once.
    """

    token: str
    names: tuple[str, ...] = ()


class TrailEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One record of the old processor in its order. reason: why it is none; empty for a good one."""

    kind: Kind
    id: str
    origin: str
    occurred_at_ms: int
    source_hash: str
    reason: str = ""


class TrailPage(Record, frozen=True, gc=False, kw_only=True, tag="migration_trail"):
    """A page of the old processor's trail; its id is the batch's. sha256: over previous_sha256 and the entries."""

    entries: tuple[TrailEntry, ...]
    previous_sha256: str
    sha256: str


class TrailHead(Record, frozen=True, gc=False, kw_only=True, tag="migration_trail_head"):
    """Where the chain of pages ends; there is one, with the id ``head``.

    export, source_kind, position: up to where which export stands in it.
    """

    page: str
    sha256: str
    export: str
    source_kind: Kind
    position: Position


class Quarantined(Record, frozen=True, gc=False, kw_only=True, tag="migration_quarantined"):
    """A record that cannot move; its id is ``KIND:OLD_ID``, or ``KIND@ORIGIN`` where no id could be read.

    reason: one word. detail: what is wrong, never with a number. origin: file and number of the record in it.
    amount, currency, account: what it stands for and in whose balance, where that could be read. occurred_at_ms,
    position: as of what moved. resolved_at_ms: a later record of the object is here; 0 while it waits.
    """

    source_kind: Kind
    job: JobName
    reason: str
    detail: str
    origin: str
    source_hash: str
    at_ms: int
    amount: int = 0
    currency: str = ""
    account: str = ""
    occurred_at_ms: int = 0
    position: Position = START
    resolved_at_ms: int = 0

    @property
    def owner(self) -> str:
        """Those that wait are listed by job."""
        return "" if self.resolved_at_ms > 0 else self.job.value


class MigrationAct(Document, frozen=True, gc=False, kw_only=True, tag="migration_act"):
    """Something that somebody did to a migration: began, paused, ended, undid or reported it.

    sha256, signature: of a report, so that the file can be held against the trail.
    """

    job: str
    act: str
    actor: str
    detail: str = ""
    sha256: str = ""
    signature: str = ""

    @property
    def owner(self) -> str:
        """Acts are listed by job."""
        return self.job


RECORDS: tuple[type[Record], ...] = (
    MigrationRun,
    MigrationBatch,
    Moved,
    Historical,
    Opened,
    SealedOnce,
    TrailPage,
    TrailHead,
    Quarantined,
    MigrationAct,
)


def moved_id(kind: Kind, old_id: str) -> str:
    """The id under which a record of the old processor is found."""
    return f"{kind.value}:{old_id}"


def batch_id(job: JobName, passes: int, number: int) -> str:
    """The id of a batch; in the order in which they were made."""
    return f"{job.value}:{passes:03d}:{number:08d}"
