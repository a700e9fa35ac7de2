"""Takes a job back: numbers destroyed, documents left as tombstones, entries reversed; nothing is ever deleted."""

from collections.abc import Callable, Sequence

import msgspec
import structlog

from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.errors import PastReturn, StillNeeded
from payment_core.migration.export.kinds import Kind
from payment_core.migration.jobs.history.transactions import post, reversal
from payment_core.migration.jobs.port import BatchWork, Job, row_of
from payment_core.migration.model import Historical, MigrationRun, Moved
from payment_core.migration.names import KINDS_OF, NEEDS, JobName, JobState
from payment_core.migration.running.model import NO_RETURN_ID, NoReturn
from payment_core.store.dynamodb.errors import TransactionTooLarge
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing

log = structlog.get_logger()

WHY_SHOWN_MAX = 5
STAYED_MAX = 100
"""Of those that stay, kept in the job's own record: some 10 KB, written with each piece."""

OnUndone = Callable[[MigrationRun], None]


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What an undo did. kept: what could not be taken back, each with why, the first ones; a later undo tries again."""

    job: JobName
    records: int
    kept: tuple[str, ...] = ()


class Undoing:
    """Undoes one job; killed anywhere, it goes on where it was, and redoes at most one piece."""

    def __init__(self, *, store: LedgerStore, job: Job, claimant: Claimant, actor: str) -> None:
        self._store = store
        self._job = job
        self._claimant = claimant
        self._actor = actor

    async def undo(self, piece: int, *, resume: bool, on_undone: OnUndone) -> Undone:
        """Take back everything of the job, ``piece`` records in one transaction.

        Raises PastReturn, StillNeeded and RunnerBusy before anything is done, and what the store raises.
        """
        name = self._job.name
        run = await self._store.transact(lambda transaction: self._claim(transaction, resume=resume), self._actor)
        if run.state is JobState.UNDONE:
            return Undone(job=name, records=run.undone)
        kinds = list(reversed(KINDS_OF[name])) if name is not JobName.AUDIT_TRAIL else []
        done = _kind_of(run.undo_after)
        for kind in kinds[kinds.index(done) :] if done is not None else kinds:
            run = await self._kind(kind, run, piece, on_undone)
        why = "; ".join(run.stayed[:WHY_SHOWN_MAX])
        await self._store.transact(lambda transaction: self._end(transaction, run, why), self._actor)
        log.info("a migration job was undone", action="migration_undone", job=name.value, records=run.undone)
        return Undone(job=name, records=run.undone, kept=run.stayed)

    async def _kind(self, kind: Kind, run: MigrationRun, piece: int, on_undone: OnUndone) -> MigrationRun:
        prefix = f"{kind.value}:"
        after = run.undo_after if run.undo_after.startswith(prefix) else prefix
        while names := await self._names(prefix, after, piece):
            while names:
                part = names[:piece]
                try:
                    run = await self._part(run, part)
                except TransactionTooLarge:
                    if piece == 1:
                        raise
                    piece = max(1, len(part) // 2)
                    continue
                names = names[piece:]
                after = part[-1]
                on_undone(run)
        return run

    async def _part(self, run: MigrationRun, names: Sequence[str]) -> MigrationRun:
        return await self._store.transact(lambda transaction: self._take_back(transaction, run, names), self._actor)

    async def _names(self, prefix: str, after: str, limit: int) -> list[str]:
        record_type = Historical if self._job.name is JobName.TRANSACTION_HISTORY else Moved
        found = await self._store.query(Listing(record_type, after=after, limit=limit))
        return [one.id for one in found if one.id.startswith(prefix)]

    def _take_back(self, transaction: Transaction, mine: MigrationRun, names: Sequence[str]) -> MigrationRun:
        run = self._claimant.hold(transaction, mine)
        if run.undo_after != mine.undo_after:
            return run
        work = BatchWork(f"{run.id}:{run.passes:03d}:undo:{names[0]}", run.export, transaction.now_ms)
        if self._job.name is JobName.TRANSACTION_HISTORY:
            reversal(transaction, names, work)
            post(transaction, work, is_reversal=True)
        ours = [name for name in names if self._is_ours(transaction, name)]
        answers = [(name, self._job.take_back(transaction, name, transaction.now_ms)) for name in ours]
        stayed = [f"{name}: {why}" for name, why in answers if why != ""]
        after = msgspec.structs.replace(
            run,
            undone=run.undone + len(ours) - len(stayed),
            undo_after=names[-1],
            stayed=(*run.stayed, *stayed)[:STAYED_MAX],
        )
        transaction.put(after)
        return after

    def _is_ours(self, transaction: Transaction, name: str) -> bool:
        """Whether it is here, and a job moved it: dual write notes, too, what was made here and told there."""
        row = row_of(transaction, Kind(name.partition(":")[0]), name)
        return row is not None and not (isinstance(row, Moved) and row.made_here)

    def _claim(self, transaction: Transaction, *, resume: bool) -> MigrationRun:
        known = transaction.get(MigrationRun, self._job.name.value)
        run = MigrationRun(id=self._job.name.value) if known is None else known
        if run.no_return:
            raise PastReturn(f"{run.id} began with it declared.")
        no_return = transaction.get(NoReturn, NO_RETURN_ID)
        if no_return is not None:
            # Nobody can be cut back, so what was moved is all that there is, whichever job moved it.
            raise PastReturn(f"Nobody can be cut back since {no_return.job} began.")
        if run.state is JobState.NEW or (run.state is JobState.UNDONE and not run.stayed):
            return msgspec.structs.replace(run, state=JobState.UNDONE)
        for other, needed in NEEDS.items():
            if self._job.name in needed and other is not JobName.AUDIT_TRAIL:
                theirs = transaction.get(MigrationRun, other.value)
                if theirs is not None and theirs.state not in {JobState.NEW, JobState.UNDONE}:
                    raise StillNeeded(f"{other.value} needs {run.id}; undo that first.")
        self._claimant.not_busy(run, transaction.now_ms, resume=resume)
        begins = run.state is not JobState.UNDOING
        if begins:
            run = msgspec.structs.replace(run, undone=0, undo_after="", stayed=())
        return self._claimant.take(transaction, run, JobState.UNDOING, "undo")

    def _end(self, transaction: Transaction, mine: MigrationRun, why: str) -> None:
        run = self._claimant.hold(transaction, mine)
        transaction.put(
            msgspec.structs.replace(
                run, state=JobState.UNDONE, why=why, lease_until_ms=0, ended_at_ms=transaction.now_ms
            )
        )
        self._claimant.note(transaction, self._job.name.value, "undone", f"{run.undone} records; {why}".rstrip("; "))


def _kind_of(undo_after: str) -> Kind | None:
    name = undo_after.partition(":")[0]
    return Kind(name) if name != "" else None
