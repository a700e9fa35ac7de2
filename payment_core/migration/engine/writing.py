"""One batch and its checkpoint, in one transaction of the store."""

from collections.abc import Sequence

import msgspec

from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.export.records import Malformed, Read
from payment_core.migration.jobs.history.bodies import account_of, money_of
from payment_core.migration.jobs.port import BatchWork, Job, Prepared, Refused
from payment_core.migration.model import (
    Counts,
    MigrationBatch,
    MigrationRun,
    Quarantined,
    batch_id,
    moved_id,
)
from payment_core.migration.names import JobName, Outcome
from payment_core.migration.proof.sides import Line, side_of
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction

WRITTEN = "written"
PROVABLE = frozenset({Outcome.MOVED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.MERGED})
"""What must be found in the store afterwards as the export has it."""


CHANGING = frozenset({Outcome.MOVED, Outcome.UPDATED, Outcome.MERGED})
"""What ends that a record of the same object waits: it moved after all."""


class Written(msgspec.Struct, frozen=True):
    """What a batch did. refusals: with what was refused only now, in the order of the export."""

    run: MigrationRun
    batch: MigrationBatch
    refusals: tuple[Refused, ...]


class BatchWriting:
    """Writes batches of one job."""

    def __init__(self, job: Job, claimant: Claimant, origin: Origin) -> None:
        self._job = job
        self._claimant = claimant
        self._origin = origin

    def write(
        self, transaction: Transaction, mine: MigrationRun, items: Sequence[Prepared | Refused], *, trusting: bool
    ) -> Written:
        """Write the batch behind the run's last one. Raises LeaseLost and JobInterrupted; nothing was written then."""
        run = self._claimant.hold(transaction, mine)
        number = run.batches + 1
        work = BatchWork(
            batch_id(self._job.name, run.passes, number), run.export, transaction.now_ms, trusting=trusting
        )
        # Of a record that is there twice only its last state is in the store.
        lines: dict[str, Line] = {}
        refusals: list[Refused] = []
        counts = Counts()
        waiting = run.waiting
        for one in items:
            # While nothing waits, nothing is looked for.
            outcome, more = self._one(transaction, one, work, resolves=waiting > 0)
            waiting += more
            if isinstance(outcome, Refused):
                refusals.append(outcome)
                counts += counted(Outcome.QUARANTINED)
                continue
            counts += counted(outcome)
            if outcome in PROVABLE and isinstance(one, Prepared):
                lines[one.line.name] = one.line
        self._job.finish(transaction, work)
        batch = self._batch(run, number, items, counts, lines, work)
        record_change(transaction, self._origin, batch, status=WRITTEN)
        last = items[-1].read
        after = msgspec.structs.replace(
            run,
            source_kind=last.kind,
            position=last.position,
            batches=number,
            counts=run.counts + counts,
            waiting=waiting,
        )
        transaction.put(after)
        return Written(after, batch, tuple(refusals))

    def _one(
        self, transaction: Transaction, one: Prepared | Refused, work: BatchWork, *, resolves: bool
    ) -> tuple[Outcome | Refused, int]:
        """What became of a record, and how many more wait in quarantine now."""
        outcome = one if isinstance(one, Refused) else self._job.apply(transaction, one, work)
        if isinstance(outcome, Refused):
            return outcome, quarantine(transaction, self._job.name, outcome)
        if resolves and outcome in CHANGING:
            return outcome, -resolve(transaction, one.read)
        return outcome, 0

    def _batch(
        self,
        run: MigrationRun,
        number: int,
        items: Sequence[Prepared | Refused],
        counts: Counts,
        lines: dict[str, Line],
        work: BatchWork,
    ) -> MigrationBatch:
        kept = tuple(lines.values())
        return MigrationBatch(
            id=work.batch,
            created_at_ms=work.now_ms,
            updated_at_ms=work.now_ms,
            job=self._job.name,
            number=number,
            passes=run.passes,
            source_kind=items[0].read.kind,
            counts=counts,
            source=side_of(kept),
            lines=kept,
            ledger=work.ledger,
            journals=work.journals,
            first=items[0].read.origin,
            last=items[-1].read.origin,
        )


def counted(outcome: Outcome) -> Counts:
    """One record with this outcome."""
    return _ONE[outcome]


def quarantine_id(read: Read) -> str:
    """By its old id, or by its place where none could be read."""
    return moved_id(read.kind, read.id) if read.id != "" else f"{read.kind.value}@{read.origin}"


def quarantine(transaction: Transaction, job: JobName, refused: Refused) -> int:
    """Put a record aside with the reason; the same again changes nothing. How many more wait now: 0 or 1."""
    read = refused.read
    amount, currency = (0, "") if isinstance(read, Malformed) else money_of(read.body)
    entry = Quarantined(
        id=quarantine_id(read),
        source_kind=read.kind,
        job=job,
        reason=refused.reason,
        detail=refused.detail,
        origin=read.origin,
        source_hash=read.source_hash,
        at_ms=transaction.now_ms,
        amount=amount,
        currency=currency,
        account="" if isinstance(read, Malformed) else account_of(read.body),
    )
    known = transaction.get(Quarantined, entry.id)
    if known is not None and _is_same(known, entry):
        return 0
    transaction.put(entry)
    return int(known is None or known.resolved_at_ms > 0)


def _is_same(known: Quarantined, entry: Quarantined) -> bool:
    """Whether the same record was put aside before, be it that it waits or that another one ended that."""
    return msgspec.structs.replace(known, at_ms=entry.at_ms, resolved_at_ms=0) == entry


def resolve(transaction: Transaction, read: Read) -> int:
    """Note that a record which was put aside before has moved. How many fewer wait now: 0 or 1."""
    known = transaction.get(Quarantined, quarantine_id(read))
    if known is None or known.resolved_at_ms > 0:
        return 0
    transaction.put(msgspec.structs.replace(known, resolved_at_ms=transaction.now_ms))
    return 1


_ONE = {outcome: Counts(**{"read": 1, outcome.value: 1}) for outcome in Outcome}
