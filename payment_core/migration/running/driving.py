"""Runs the jobs that are wanted, one after the other in the order in which they depend on each other."""

import asyncio
from typing import Protocol

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.errors import CoreError
from payment_core.migration.names import JobName, JobState
from payment_core.migration.running.lease import Lease
from payment_core.migration.running.model import JobWish
from payment_core.migration.status import JobStatus
from payment_core.store.port import LedgerStore, Transaction

log = structlog.get_logger()

ACTOR = "migration:driver"
LOOK_SECONDS = 0.5
"""How often it is looked what is wanted, also while a job runs: a pause is heard within it."""
FAULT_WAIT_MS = 10_000
"""A job that failed is tried again after so long."""


class Jobs(Protocol):
    """The jobs themselves. Raises CoreError, and JobHeld where somebody has to look first."""

    async def run(self, job: JobName, wish: JobWish) -> None:
        """Run it to its end, or go on where it was; cancelled, nothing of the batch under way is kept."""
        ...

    async def status(self, job: JobName) -> JobStatus:
        """How it stands."""
        ...

    async def has_export(self, name: str) -> bool:
        """Whether there is a folder of this name with a manifest."""
        ...


class Driver:
    """A background task of every core's first process; the lease lets one of them drive."""

    def __init__(self, *, store: LedgerStore, jobs: Jobs, lease: Lease, clock: Clock) -> None:
        self._store = store
        self._jobs = jobs
        self._lease = lease
        self._clock = clock

    async def run(self) -> None:
        """Drive for ever."""
        while True:
            try:
                await self.run_next()
            except CoreError as fault:
                log.warning("jobs wait", action="migration_waits", fault=str(fault))
            await asyncio.sleep(LOOK_SECONDS)

    async def run_next(self) -> JobName | None:
        """Run the first job that is wanted and not done; which. None when there is none, or another process drives."""
        if not await self._lease.held(self._clock.now_ms()):
            return None
        for job in JobName:
            wish = await self._store.read(JobWish, job.value)
            if wish is None or wish.wanted != "run" or wish.fault_at_ms > self._clock.now_ms() - FAULT_WAIT_MS:
                continue
            if wish.is_done((await self._jobs.status(job)).state):
                continue
            await self._run_one(job, wish)
            return job
        return None

    async def _run_one(self, job: JobName, wish: JobWish) -> None:
        fault = ""
        try:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self._jobs.run(job, wish), name=f"migration-{job.value}")
                while not running.done():
                    await asyncio.wait({running}, timeout=LOOK_SECONDS)
                    if not running.done() and not await self._is_still_wanted(job):
                        running.cancel()
                        break
        except* CoreError as faults:
            fault = str(_first(faults))
            log.error("a migration job stopped", action="migration_fault", job=job.value, fault=fault)
        is_done = fault == "" and (await self._jobs.status(job)).state is JobState.DONE
        await self._note(job, fault, wish.export if is_done else "")

    async def _is_still_wanted(self, job: JobName) -> bool:
        """Whether it goes on: it is wanted, and this process may still drive."""
        wish = await self._store.read(JobWish, job.value)
        return wish is not None and wish.wanted == "run" and await self._lease.held(self._clock.now_ms())

    async def _note(self, job: JobName, fault: str, done_with: str) -> None:
        def work(transaction: Transaction) -> None:
            wish = transaction.get(JobWish, job.value)
            if wish is None or not (fault or wish.fault or done_with):
                return
            at_ms = transaction.now_ms if fault else 0
            done = done_with if done_with else wish.done_with
            transaction.put(msgspec.structs.replace(wish, fault=fault[:300], fault_at_ms=at_ms, done_with=done))

        await self._store.transact(work, ACTOR)


def _first(faults: BaseExceptionGroup[CoreError]) -> BaseException:
    """The first of them that is no group itself."""
    first: BaseException = faults
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
