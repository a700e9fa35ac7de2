"""How a migration stands, as it is shown and served."""

import msgspec

from payment_core.migration.model import Counts, MigrationRun
from payment_core.migration.names import JobName, JobState
from payment_core.migration.proof.sides import Side


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one job stands. Times are Unix milliseconds, 0 for what did not happen.

    source, target: both sides of everything that was proved: counts, sums by currency in minor units, hashes.
    unproved: batches that are written and not yet read back, one at the most. waiting: records in quarantine.
    point_of_no_return: whether the job is declared to have one. past_return: whether it began with it declared.
    """

    job: JobName
    state: JobState
    total: int = 0
    counts: Counts = Counts()
    batches: int = 0
    unproved: int = 0
    source: Side = Side()
    target: Side = Side()
    waiting: int = 0
    started_at_ms: int = 0
    updated_at_ms: int = 0
    ended_at_ms: int = 0
    runner: str = ""
    lease_until_ms: int = 0
    why: str = ""
    undone: int = 0
    point_of_no_return: bool = False
    past_return: bool = False


def status_of(job: JobName, run: MigrationRun | None, *, point_of_no_return: bool) -> JobStatus:
    """The status of a job whose run may not have begun."""
    if run is None:
        return JobStatus(job=job, state=JobState.NEW, point_of_no_return=point_of_no_return)
    return JobStatus(
        job=job,
        state=run.state,
        total=run.total,
        counts=run.counts,
        batches=run.batches,
        unproved=run.batches - run.proved,
        source=run.source,
        target=run.target,
        waiting=run.waiting,
        started_at_ms=run.started_at_ms,
        updated_at_ms=run.updated_at_ms,
        ended_at_ms=run.ended_at_ms,
        runner=run.runner,
        lease_until_ms=run.lease_until_ms,
        why=run.why,
        undone=run.undone,
        point_of_no_return=point_of_no_return,
        past_return=run.no_return,
    )
