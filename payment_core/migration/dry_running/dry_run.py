"""A dry run: every job as it would run, from the first record on, and nothing of it is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from payment_core.clock import Clock
from payment_core.migration.dry_running.overlaid import OverlaidStore
from payment_core.migration.dry_running.scratch import Scratch
from payment_core.migration.engine.claiming import Asked
from payment_core.migration.engine.runner import AS_ASKED, OnProgress, Runner, ignore_progress
from payment_core.migration.engine.source import Source
from payment_core.migration.limits import Limits
from payment_core.migration.model import MigrationRun
from payment_core.migration.names import JobName, JobState
from payment_core.migration.status import JobStatus
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.stage import Registry

ACTOR = "migration:dry-run"


class DryRun:
    """Jobs that are run one after the other see what those before them would have moved."""

    def __init__(self, store: LedgerStore, runner: Runner) -> None:
        self._store = store
        self._runner = runner

    async def run(
        self,
        job: JobName,
        source: Source,
        limits: Limits,
        asked: Asked = AS_ASKED,
        on_progress: OnProgress = ignore_progress,
    ) -> JobStatus:
        """What a run of the job would say; of what waits in quarantine alone when that is asked for.

        Raises what Runner.run raises, but RunnerBusy: it takes no turn. Raises ScratchUnusable.
        """
        if not asked.only_waiting:
            await self._store.transact(partial(_begin_anew, job=job), ACTOR)
        status = await self._runner.run(job, source, limits, msgspec.structs.replace(asked, resume=True), on_progress)
        return msgspec.structs.replace(status, state=JobState.NEW)


def _begin_anew(transaction: Transaction, job: JobName) -> None:
    """As before its first record; what waits still does."""
    known = transaction.get(MigrationRun, job.value)
    fresh = MigrationRun(id=job.value)
    if known is not None:
        fresh = msgspec.structs.replace(fresh, passes=known.passes, waiting=known.waiting)
    transaction.put(fresh)


@asynccontextmanager
async def dry_run_of(runner: Runner, store: LedgerStore, registry: Registry, clock: Clock) -> AsyncIterator[DryRun]:
    """A dry run over what this store holds."""
    async with Scratch() as scratch:
        overlaid = OverlaidStore(store, scratch, registry, clock)
        yield DryRun(overlaid, runner.over(overlaid))
