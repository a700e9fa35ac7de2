"""The doors of running both: jobs are started and paused, and everything that cut-over rests on can be read."""

from enum import StrEnum

import msgspec

from payment_core.answers import Answer, ok
from payment_core.clock import Clock
from payment_core.migration.names import JobName, JobState
from payment_core.migration.running.cut_over import CutOver
from payment_core.migration.running.doors.refusals import MigrationRefusal
from payment_core.migration.running.doors.requests import StartJob, StateComparison
from payment_core.migration.running.doors.views import (
    JobView,
    MigrationView,
    authority_view,
    catch_up_view,
    comparison_view,
    cut_over_view,
    difference_view,
    dual_write_view,
    job_view,
)
from payment_core.migration.running.driving import Jobs
from payment_core.migration.running.model import (
    NO_RETURN_ID,
    Difference,
    JobWish,
    NoReturn,
    OldWrite,
)
from payment_core.migration.running.standing import Found, StandingLooks
from payment_core.operations.bodies import NoBody
from payment_core.operations.call import Call
from payment_core.operations.once import perform_once
from payment_core.operations.pages import answer_page
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing

BETWEEN = frozenset({JobState.NEW, JobState.DONE, JobState.UNDONE})
"""States in which a job may begin with another export."""
FAILING_MAX = 100
"""Writes that are looked through for one that fails."""


class MigrationDesk:
    """The operations. jobs, looks, cut_over: None where this core was started without a migration."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        jobs: Jobs | None,
        looks: StandingLooks,
        cut_over: CutOver,
        clock: Clock,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._looks = looks
        self._cut_over = cut_over
        self._clock = clock

    async def show(self, _call: Call, _body: None) -> Answer | StrEnum:
        """Everything at one moment."""
        now_ms = self._clock.now_ms()
        found = await self._looks.look(now_ms)
        writes = await self._store.query(Listing(OldWrite, owner="waiting", limit=FAILING_MAX))
        return ok(
            MigrationView(
                at_ms=now_ms,
                jobs=await self._jobs_shown(),
                dual_write=dual_write_view(found, writes),
                catch_up=catch_up_view(found),
                comparison=comparison_view(found),
                cut_over=cut_over_view(found),
            )
        )

    async def job(self, call: Call, _body: None) -> Answer | StrEnum:
        """One job."""
        name = _job_of(call)
        if name is None:
            return MigrationRefusal.MIGRATION_JOB_NOT_FOUND
        shown = await self._job_shown(name)
        return MigrationRefusal.MIGRATION_NOT_CONFIGURED if shown is None else ok(shown)

    async def start(self, call: Call, body: StartJob) -> Answer | StrEnum:
        """Start a job, or let it go on; what it does is seen by looking."""
        name = _job_of(call)
        if name is None:
            return MigrationRefusal.MIGRATION_JOB_NOT_FOUND
        if self._jobs is None:
            return MigrationRefusal.MIGRATION_NOT_CONFIGURED
        if not await self._jobs.has_export(body.export):
            return MigrationRefusal.EXPORT_NOT_FOUND
        status = await self._jobs.status(name)
        return_needed = body.point_of_no_return and bool((await self._found()).wanting_but(name.value))

        def work(transaction: Transaction) -> Answer | StrEnum:
            known = transaction.get(JobWish, name.value)
            if known is not None and known.export != body.export and status.state not in BETWEEN:
                return MigrationRefusal.MIGRATION_JOB_OF_ANOTHER_EXPORT
            no_return = transaction.get(NoReturn, NO_RETURN_ID)
            if return_needed and no_return is None:
                return MigrationRefusal.RETURN_STILL_NEEDED
            now_ms = transaction.now_ms
            wish = JobWish(
                id=name.value,
                export=body.export,
                records_per_second=body.records_per_second,
                threads=body.threads,
                point_of_no_return=body.point_of_no_return,
                asked_by=call.actor,
                done_with="" if known is None else known.done_with,
                asked_at_ms=now_ms if known is None else known.asked_at_ms,
            )
            transaction.put(wish)
            if body.point_of_no_return and no_return is None:
                transaction.put(NoReturn(id=NO_RETURN_ID, job=name.value, at_ms=now_ms, actor=call.actor))
            return ok(job_view(wish, status))

        return await perform_once(self._store, "migration.start", call, work)

    async def pause(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Let a job wait where it is."""
        name = _job_of(call)
        if name is None:
            return MigrationRefusal.MIGRATION_JOB_NOT_FOUND
        if self._jobs is None:
            return MigrationRefusal.MIGRATION_NOT_CONFIGURED
        status = await self._jobs.status(name)

        def work(transaction: Transaction) -> Answer | StrEnum:
            known = transaction.get(JobWish, name.value)
            if known is None:
                return MigrationRefusal.MIGRATION_JOB_NOT_STARTED
            wish = msgspec.structs.replace(known, wanted="pause")
            transaction.put(wish)
            return ok(job_view(wish, status))

        return await perform_once(self._store, "migration.pause", call, work)

    async def state(self, call: Call, body: StateComparison) -> Answer | StrEnum:
        """Say what has to be shown before anybody is cut over."""
        await self._looks.state(body.equal_for_seconds * 1000, body.at_least, call.actor)
        return ok(comparison_view(await self._found()))

    async def comparison(self, _call: Call, _body: None) -> Answer:
        """Shadow reads."""
        return ok(comparison_view(await self._found()))

    async def catch_up(self, _call: Call, _body: None) -> Answer:
        """Changes of the old processor."""
        return ok(catch_up_view(await self._found()))

    async def cut_over(self, _call: Call, _body: None) -> Answer:
        """Whether cohorts may be cut over."""
        return ok(cut_over_view(await self._found()))

    async def authority(self, call: Call, _body: None) -> Answer:
        """Whose record of one customer or provider counts."""
        owner_id = call.path["owner_id"]
        return ok(authority_view(owner_id, self._cut_over.authority(owner_id)))

    async def differences(self, call: Call, _body: None) -> Answer:
        """A page of what the two sides do not agree on."""
        return await answer_page(self._store, call, Difference, difference_view, owner=str(call.query["state"]))

    async def _found(self) -> Found:
        return await self._looks.look(self._clock.now_ms())

    async def _jobs_shown(self) -> tuple[JobView, ...]:
        shown = [await self._job_shown(name) for name in JobName]
        return tuple(one for one in shown if one is not None)

    async def _job_shown(self, name: JobName) -> JobView | None:
        if self._jobs is None:
            return None
        return job_view(await self._store.read(JobWish, name.value), await self._jobs.status(name))


def _job_of(call: Call) -> JobName | None:
    try:
        return JobName(call.path["job"])
    except ValueError:
        return None
