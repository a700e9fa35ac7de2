"""One record of the incremental feed, applied and proved by the same code as a batch of the export."""

from collections.abc import Callable

import msgspec

from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.engine.proving import BatchProving
from payment_core.migration.engine.quarantine import quarantine, resolve
from payment_core.migration.engine.writing import PROVABLE
from payment_core.migration.errors import DifferenceFound, NotYet, RunnerBusy
from payment_core.migration.export.records import Malformed, Read
from payment_core.migration.jobs.port import BatchWork, Job, Prepared, Refused, row_of
from payment_core.migration.model import LedgerTotal, MigrationRun, moved_id
from payment_core.migration.names import JobState, Outcome
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.errors import DataKeyGone

MS_PER_SECOND = 1000
FEED = "feed"
"""Begins the ids of what a record of the feed posts."""


Still = Callable[[Transaction], bool]


class _Taken(msgspec.Struct, frozen=True):
    outcome: Outcome
    ledger: tuple[LedgerTotal, ...]


class Taking:
    """Of two records about one object the one that occurred later counts, in whatever order they come."""

    def __init__(self, *, store: LedgerStore, job: Job, claimant: Claimant, origin: Origin, actor: str) -> None:
        self._store = store
        self._job = job
        self._claimant = claimant
        self._actor = actor
        self._proving = BatchProving(store, job, claimant, origin, actor)

    async def take(self, read: Read, still: Still | None = None) -> Outcome:
        """What became of it. The same record again changes nothing. still: see Runner.

        Raises NotYet before the export was moved or where still is no, RunnerBusy while another runner moves it,
        DifferenceFound when what is found afterwards is not what the record says, and what store and key service raise.
        """
        try:
            taken, one = await self._write(read, still)
        except DataKeyGone as error:
            self._job.release(error.detail)
            taken, one = await self._write(read, still)
        finally:
            self._job.release()
        if taken.outcome in PROVABLE and isinstance(one, Prepared):
            compared = await self._proving.compare((one.line,), taken.ledger, _place(read))
            if compared.found:
                first = compared.found[0]
                raise DifferenceFound(f"{first.what}: {read.origin} says {first.source}, here {first.target}")
        return taken.outcome

    async def _write(self, read: Read, still: Still | None) -> tuple[_Taken, Prepared | Refused]:
        (one,) = await self._job.prepare((read,))

        def work(transaction: Transaction) -> _Taken:
            if still is not None and not still(transaction):
                raise NotYet(f"{read.kind.value}:{read.id} was changed here while it was taken; it is taken again.")
            return self._apply(transaction, one)

        return await self._store.transact(work, self._actor), one

    def _apply(self, transaction: Transaction, one: Prepared | Refused) -> _Taken:
        run = self._may_take(transaction.get(MigrationRun, self._job.name.value), transaction.now_ms)
        if _is_over(transaction, one.read, run):
            return _Taken(Outcome.OLDER, ())
        work = BatchWork(_place(one.read), FEED, transaction.now_ms)
        outcome = one if isinstance(one, Refused) else self._job.apply(transaction, one, work)
        if isinstance(outcome, Refused):
            _count(transaction, run, quarantine(transaction, self._job.name, outcome))
            return _Taken(Outcome.QUARANTINED, ())
        self._job.finish(transaction, work)
        if outcome in PROVABLE and run.waiting > 0:
            _count(transaction, run, -resolve(transaction, one.read, is_mended=False))
        return _Taken(outcome, work.ledger)

    def _may_take(self, run: MigrationRun | None, now_ms: int) -> MigrationRun:
        name = self._job.name.value
        if run is None or run.state not in {JobState.RUNNING, JobState.DONE}:
            state = JobState.NEW.value if run is None else run.state.value
            raise NotYet(f"{name} is {state}; records of the feed are taken once it runs or is done.")
        if run.runner != self._claimant.runner and run.lease_until_ms > now_ms:
            raise RunnerBusy(f"{name}: {run.runner} moves the export; the feed waits for it.")
        return run


def _is_over(transaction: Transaction, read: Read, run: MigrationRun) -> bool:
    """Whether it tells of something that was gone again when the export was made: it is older, and nothing is here.

    The feed counts seconds.
    """
    if isinstance(read, Malformed) or read.occurred_at_ms >= run.made_at_ms // MS_PER_SECOND * MS_PER_SECOND:
        return False
    return row_of(transaction, read.kind, moved_id(read.kind, read.id)) is None


def _count(transaction: Transaction, run: MigrationRun, more: int) -> None:
    """Note how many records wait in quarantine now."""
    if more != 0:
        transaction.put(msgspec.structs.replace(run, waiting=run.waiting + more))


def _place(read: Read) -> str:
    """What a record of the feed is known by: its object, its time and its content."""
    return f"{FEED}:{read.kind.value}:{read.id}:{read.source_hash[:16]}"
