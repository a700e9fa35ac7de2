"""What a job is asked by whoever runs it, and what it answers."""

from collections.abc import Sequence
from typing import Protocol, cast

import msgspec

from payment_core.ledger.journals import Move
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Read, Record
from payment_core.migration.model import Historical, LedgerTotal, Moved, Quarantined
from payment_core.migration.names import JOB_OF, JobName, Outcome
from payment_core.migration.proof.sides import Line
from payment_core.store.port import Transaction


class Prepared(msgspec.Struct, frozen=True):
    """A record that can move. line: its side of the proof, from the export alone. material: what the job made of it."""

    read: Read
    line: Line
    material: object = None


class Refused(msgspec.Struct, frozen=True):
    """A record that cannot move. reason: one word. detail: what is wrong, never with a number."""

    read: Read
    reason: str
    detail: str


class BatchWork:
    """What a batch gathers while it is written; a work may run twice, so each run has its own.

    batch: its id. export: which one it is of. now_ms: of its transaction. moves: by currency. recipe: what they are
    posted as, the same for all of a batch. ledger, journals: what was posted. gathered: what a job keeps for
    ``finish``.
    """

    def __init__(self, batch: str, export: str, now_ms: int) -> None:
        self.batch = batch
        self.export = export
        self.now_ms = now_ms
        self.moves: dict[str, list[Move]] = {}
        self.recipe = ""
        self.ledger: tuple[LedgerTotal, ...] = ()
        self.journals: tuple[str, ...] = ()
        self.gathered: list[object] = []


class Job(Protocol):
    """One job. Its methods with a transaction do nothing but work on it: they may be run again."""

    @property
    def name(self) -> JobName:
        """Which it is."""
        ...

    async def expect(self, reads: Sequence[Read]) -> list[Line | Refused]:
        """The export's side alone, in order, without sealing anything. Raises what the key service raises."""
        ...

    async def prepare(self, reads: Sequence[Read]) -> list[Prepared | Refused]:
        """Check and seal records outside of any transaction, in their order. Raises what the key service raises."""
        ...

    def apply(self, transaction: Transaction, one: Prepared, work: BatchWork) -> Outcome | Refused:
        """Write one record, or say why it cannot move; the same record again changes nothing."""
        ...

    def finish(self, transaction: Transaction, work: BatchWork) -> None:
        """Write what the batch gathered."""
        ...

    def find(self, transaction: Transaction, names: Sequence[str], batch: str) -> list[object]:
        """What the store holds for these names, for ``lines``."""
        ...

    async def lines(self, names: Sequence[str], found: Sequence[object]) -> list[Line | None]:
        """The store's side of the proof, from what was found alone; None where nothing was."""
        ...

    def release(self, lost_key: str = "") -> None:
        """The batch is over: forget its data key. lost_key: one that was destroyed, never to be used again."""
        ...

    def take_back(self, transaction: Transaction, name: str, now_ms: int) -> str:
        """Undo one record; an empty answer when it is gone, otherwise why it stays."""
        ...


CHANGED_HERE = "changed here"
"""In place of a hash: the object was changed here since it was moved, so that nobody expects both sides to be equal."""


def refusal_of(malformed: Malformed) -> Refused:
    """What stands where a record should be cannot move."""
    return Refused(malformed, malformed.reason.value, malformed.detail)


Place = tuple[int, int, int]
"""When an object was like this, and where an export says so: of two records about it the later one counts."""


def place_of(one: Read | Moved | Historical | Quarantined) -> Place:
    """The place of a record, or of the one that was moved or put aside last."""
    return one.occurred_at_ms, one.position.file, one.position.record


def row_of(transaction: Transaction, kind: Kind, name: str) -> Moved | Historical | None:
    """What is here of an object of the old processor; None where nothing is, or was taken back."""
    is_history = JOB_OF[kind] is JobName.TRANSACTION_HISTORY
    row = transaction.get(Historical, name) if is_history else transaction.get(Moved, name)
    return None if row is None or row.undone_at_ms > 0 else row


def standing(transaction: Transaction, one: Prepared, moved: Moved | None) -> Outcome | None:
    """What needs no writing: a later state is here, or the same. None where there is something to do.

    The same said later moves the place on, so that each row here is of exactly one record of the export.
    """
    record = cast("Record", one.read)
    if moved is None or moved.undone_at_ms > 0:
        return None
    if place_of(record) < place_of(moved):
        return Outcome.OLDER
    if moved.content != one.line.sha256:
        return None
    if place_of(record) != place_of(moved):
        transaction.put(msgspec.structs.replace(moved, occurred_at_ms=record.occurred_at_ms, position=record.position))
    return Outcome.UNCHANGED
