"""Runs jobs: reads, seals, writes, proves, batch after batch, until the export ends or somebody says stop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.errors import CoreError, StoreBusy
from payment_core.migration.engine.claiming import Asked, Claim, Claimant, released
from payment_core.migration.engine.pace import Gate, OpenGate, Pace, Sleep
from payment_core.migration.engine.proving import BatchProving
from payment_core.migration.engine.reading import Parts, batches, everything, waiting
from payment_core.migration.engine.source import Source
from payment_core.migration.engine.taking import Taking
from payment_core.migration.engine.undoing import Undoing, Undone
from payment_core.migration.engine.writing import BatchWriting, Written
from payment_core.migration.errors import MigrationError, SumTooLarge
from payment_core.migration.export.records import Read
from payment_core.migration.jobs.port import Job, Prepared, Refused
from payment_core.migration.limits import Limits
from payment_core.migration.model import MigrationBatch, MigrationRun, Quarantined, batch_id
from payment_core.migration.names import JOB_OF, KINDS_OF, JobName, JobState, Outcome
from payment_core.migration.status import JobStatus, status_of
from payment_core.origin import Origin
from payment_core.store.dynamodb.errors import TransactionTooLarge
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing
from payment_core.store.walking import every
from payment_core.vault.errors import DataKeyGone

log = structlog.get_logger()

BUSY_TRIES_MAX = 5
"""Of one batch, each after the store's own patience; then the job is let go at its checkpoint."""
BUSY_PAUSE_SECONDS = 1.0
PAGE = 500
WAITING_MAX = 1_000_000
"""Records in quarantine that are run again together: their ids are held in memory, about 100 MB."""

OnProgress = Callable[[JobStatus], None]
AS_ASKED = Asked()


def ignore_progress(_status: JobStatus) -> None:
    """Nobody looks."""


class Runner:
    """Runs the jobs of one migration over one store. jobs: by name. no_return: those declared to have a point of it.

    runner: its name in leases, of this process alone. One batch of a job is under way at a time in this process; a
    second runner elsewhere is kept out by lease and epoch.
    """

    def __init__(
        self,
        *,
        store: LedgerStore,
        jobs: Mapping[JobName, Job],
        origin: Origin,
        clock: Clock,
        runner: str,
        no_return: frozenset[JobName] = frozenset(),
        gate: Gate | None = None,
        sleep: Sleep = asyncio.sleep,
        actor: str = "migration:operator",
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._origin = origin
        self._clock = clock
        self._runner = runner
        self._no_return = no_return
        self._gate = OpenGate() if gate is None else gate
        self._sleep = sleep
        self._actor = actor
        self.turns = {name: asyncio.Lock() for name in JobName}

    async def run(
        self,
        job: JobName,
        source: Source,
        limits: Limits,
        asked: Asked = AS_ASKED,
        on_progress: OnProgress = ignore_progress,
    ) -> JobStatus:
        """Run a job to its end, from its checkpoint; the status that it has then.

        Raises RunnerBusy, JobHeld, NotYet and ExportChanged before anything is done, DifferenceFound, LeaseLost and
        JobInterrupted from a batch, ExportError from the source, StoreBusy and what the key service raises. Whatever it
        raises, and when it is canceled, everything up to the last committed batch stays; the next run goes on there.
        """
        claimant = self.claimant(limits)
        claim = await self._store.transact(
            lambda transaction: claimant.claim(transaction, job, source, asked, no_return=job in self._no_return),
            self._actor,
        )
        if not claim.goes_on:
            return await self.status(job)
        log.info("a migration job runs", action="migration_run", job=job.value, passes=claim.run.passes)
        try:
            await self._go_on(job, source, limits, claim, on_progress)
        finally:
            await self._release(claim.run)
        return await self.status(job)

    def over(self, store: LedgerStore) -> "Runner":
        """The same jobs over another store; nobody pays there."""
        return Runner(
            store=store,
            jobs=self._jobs,
            origin=self._origin,
            clock=self._clock,
            runner=self._runner,
            no_return=self._no_return,
            sleep=self._sleep,
            actor=self._actor,
        )

    async def take(self, read: Read, still: Callable[[Transaction], bool] | None = None) -> Outcome:
        """One record of the feed: what became of it. The same record again changes nothing, an earlier one neither.

        still: whether what the record was made from is as it was, asked in the transaction that writes it.
        Raises NotYet before the export was moved and where that is not so, RunnerBusy, DifferenceFound, and what store
        and key service raise.
        """
        job = JOB_OF[read.kind]
        taking = Taking(
            store=self._store,
            job=self._jobs[job],
            claimant=self.claimant(Limits()),
            origin=self._origin,
            actor=self._actor,
        )
        async with self.turns[job]:
            return await taking.take(read, still)

    async def undo(
        self, job: JobName, limits: Limits, *, resume: bool = False, on_progress: OnProgress = ignore_progress
    ) -> Undone:
        """Take a job back. Raises PastReturn, StillNeeded, RunnerBusy, and what the store raises."""
        undoing = Undoing(store=self._store, job=self._jobs[job], claimant=self.claimant(limits), actor=self._actor)

        def on_undone(run: MigrationRun) -> None:
            on_progress(status_of(job, run, point_of_no_return=job in self._no_return))

        async with self.turns[job]:
            return await undoing.undo(limits.batch_records, resume=resume, on_undone=on_undone)

    async def status(self, job: JobName) -> JobStatus:
        """How a job stands."""
        run = await self._store.read(MigrationRun, job.value)
        return status_of(job, run, point_of_no_return=job in self._no_return)

    def claimant(self, limits: Limits) -> Claimant:
        """Claims jobs in this runner's name."""
        return Claimant(
            runner=self._runner,
            clock=self._clock,
            origin=self._origin,
            actor=self._actor,
            lease_ms=limits.lease_ms,
        )

    async def _go_on(self, job: JobName, source: Source, limits: Limits, claim: Claim, on_progress: OnProgress) -> None:
        this, run, claimant = self._jobs[job], claim.run, self.claimant(limits)
        writing = BatchWriting(this, claimant, self._origin)
        proving = BatchProving(self._store, this, claimant, self._origin, self._actor)
        pace = Pace(self._clock, self._sleep, self._gate, limits.records_per_second)
        run = await self._prove_last(proving, job, run)
        for kind in KINDS_OF[job]:
            await source.prove(kind)
        wanted = waiting(await self._waiting(job)) if run.only_waiting else everything
        parts = Parts(limits.batch_records)
        reading = batches(source, KINDS_OF[job], run.source_kind, run.position, limits.batch_records, wanted)
        async with aclosing(reading):
            async for reads in reading:
                await pace.wait(len(reads))
                parts.add(reads)
                while part := parts.next():
                    async with self.turns[job]:
                        after = await self._batch(this, writing, proving, run, part)
                    if after is None:
                        parts.halve(part)
                        continue
                    run = after
                    on_progress(status_of(job, run, point_of_no_return=job in self._no_return))
        await self._store.transact(lambda transaction: _done(transaction, claimant, job, run), self._actor)

    async def _batch(
        self, this: Job, writing: BatchWriting, proving: BatchProving, run: MigrationRun, reads: Sequence[Read]
    ) -> MigrationRun | None:
        """Prepare, write and prove; None, and nothing written, when it is too large for one transaction."""
        try:
            written = await self._written(writing, run, await this.prepare(reads))
        except TransactionTooLarge:
            if len(reads) == 1:
                raise
            return None
        except DataKeyGone as error:
            # Somebody destroyed the data key while it was in memory here: once more, under another.
            this.release(error.detail)
            written = await self._written(writing, run, await this.prepare(reads))
        except OverflowError as error:
            raise SumTooLarge(f"{this.name.value}, {reads[0].origin} to {reads[-1].origin}.") from error
        finally:
            this.release()
        return await proving.prove(written.run, written.batch)

    async def _written(self, writing: BatchWriting, run: MigrationRun, items: Sequence[Prepared | Refused]) -> Written:
        for tries in range(1, BUSY_TRIES_MAX + 1):
            try:
                return await self._store.transact(
                    lambda transaction: writing.write(transaction, run, items), self._actor
                )
            except StoreBusy:
                if tries == BUSY_TRIES_MAX:
                    raise
                await self._sleep(BUSY_PAUSE_SECONDS * tries)
        raise StoreBusy

    async def _prove_last(self, proving: BatchProving, job: JobName, run: MigrationRun) -> MigrationRun:
        """A batch that was committed before somebody died is proved before the next one."""
        if run.proved == run.batches:
            return run
        batch = await self._store.read(MigrationBatch, batch_id(job, run.passes, run.batches))
        if batch is None:
            raise MigrationError(f"batch {run.batches} of {job.value} is not stored.")
        return await proving.prove(run, batch)

    async def _waiting(self, job: JobName) -> frozenset[str]:
        listing = Listing(Quarantined, owner=job.value, limit=PAGE)
        return frozenset([one.id async for one in every(self._store, listing, WAITING_MAX)])

    async def _release(self, run: MigrationRun) -> None:
        try:
            await self._store.transact(lambda transaction: released(transaction, run), self._actor)
        except CoreError as error:
            log.warning("a job was not let go", action="migration_lease_kept", job=run.id, fault=str(error))


def _done(transaction: Transaction, claimant: Claimant, job: JobName, mine: MigrationRun) -> None:
    run = claimant.hold(transaction, mine)
    transaction.put(msgspec.structs.replace(run, state=JobState.DONE, lease_until_ms=0, ended_at_ms=transaction.now_ms))
    counts = run.counts
    claimant.note(transaction, job.value, "done", f"{counts.read} read, {counts.quarantined} in quarantine")
