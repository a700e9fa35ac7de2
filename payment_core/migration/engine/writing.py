"""One batch and its checkpoint, in one transaction of the store."""

from collections.abc import Sequence

import msgspec

from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.engine.quarantine import quarantine, resolve
from payment_core.migration.jobs.port import BatchWork, Job, Prepared, Refused
from payment_core.migration.model import (
    Counts,
    MigrationBatch,
    MigrationRun,
    batch_id,
)
from payment_core.migration.names import Outcome
from payment_core.migration.proof.sides import Line, side_of
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction

WRITTEN = "written"
PROVABLE = frozenset({Outcome.MOVED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.MERGED})
"""What must be found in the store afterwards as the export has it; so no earlier record of the object waits."""


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

    def write(self, transaction: Transaction, mine: MigrationRun, items: Sequence[Prepared | Refused]) -> Written:
        """Write the batch behind the run's last one. Raises LeaseLost and JobInterrupted; nothing was written then."""
        run = self._claimant.hold(transaction, mine)
        number = run.batches + 1
        work = BatchWork(batch_id(self._job.name, run.passes, number), run.export, transaction.now_ms)
        # Of a record that is there twice only its last state is in the store.
        lines: dict[str, Line] = {}
        refusals: list[Refused] = []
        counts = Counts()
        waiting = run.waiting
        for one in items:
            outcome, more = self._one(transaction, one, work, run, waiting)
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
        self, transaction: Transaction, one: Prepared | Refused, work: BatchWork, run: MigrationRun, waiting: int
    ) -> tuple[Outcome | Refused, int]:
        """What became of a record, and how many more wait in quarantine now."""
        outcome = one if isinstance(one, Refused) else self._job.apply(transaction, one, work)
        if isinstance(outcome, Refused):
            return outcome, quarantine(transaction, self._job.name, outcome)
        # While nothing waits, nothing is looked for.
        if waiting > 0 and outcome in PROVABLE:
            return outcome, -resolve(transaction, one.read, is_mended=run.only_waiting)
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


_ONE = {outcome: Counts(**{"read": 1, outcome.value: 1}) for outcome in Outcome}
