"""What is shown of running both; times are Unix milliseconds, 0 for what did not happen."""

from typing import Literal

import msgspec

from payment_core.migration.names import JobState
from payment_core.migration.running.cut_over import Authority
from payment_core.migration.running.model import Difference, JobWish, OldWrite
from payment_core.migration.running.standing import Found
from payment_core.migration.status import JobStatus


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job: what is wanted of it, and how it stands.

    wanted: ``nothing`` for one that nobody started. left: records that were not read yet; None while nobody counted.
    quarantined_percent: of what was read. balanced: whether both sides of everything that was proved are equal; None
    where nothing was proved. fault: why it does not go on; it is tried again.
    """

    job: str
    wanted: Literal["run", "pause", "nothing"]
    export: str
    state: str
    read: int
    moved: int
    quarantined: int
    quarantined_percent: float
    total: int
    balanced: bool | None
    fault: str
    status: JobStatus


class DualWriteView(msgspec.Struct, frozen=True, kw_only=True):
    """Writes that the old processor has not been told. waiting: 1,000 at the most. fault: of the oldest that failed."""

    waiting: int
    oldest_waiting_ms: int
    fault: str


class CatchUpView(msgspec.Struct, frozen=True, kw_only=True):
    """Changes there. lag_ms: None while nobody knows, which is not zero.

    slowest_ms: from the last event to its being taken over; the old processor's clock counts seconds. taken, ours:
    events that were taken over, and those that we had caused. fault: of the last look.
    """

    lag_ms: int | None
    taken: int
    ours: int
    slowest_ms: int
    last_event_id: str
    fault: str


class ComparisonView(msgspec.Struct, frozen=True, kw_only=True):
    """Shadow reads. equal, equal_for_ms: since the last difference. stopped_by: that difference.

    differing, missing, unreadable, compared: over everything. open_differences: not settled.
    """

    stated_seconds: int
    at_least: int
    equal: int
    equal_for_ms: int
    compared: int
    differing: int
    missing: int
    unreadable: int
    open_differences: int
    stopped_by: str
    stopped_at_ms: int


class CutOverView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether cohorts may be cut over by the flag ``migration-cut-over``, and whether there is a way back.

    wanting: what is still to be shown, one sentence each. way_back: false since the point of no return.
    """

    allowed: bool
    allowed_at_ms: int
    wanting: tuple[str, ...]
    way_back: bool
    no_return_job: str
    no_return_at_ms: int


class MigrationView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment."""

    at_ms: int
    jobs: tuple[JobView, ...]
    dual_write: DualWriteView
    catch_up: CatchUpView
    comparison: ComparisonView
    cut_over: CutOverView


class AuthorityView(msgspec.Struct, frozen=True, kw_only=True):
    """Whose record of a customer or provider counts now. reason: why. flag: what the flag says by itself."""

    owner_id: str
    side: Literal["old", "new"]
    reason: str
    flag: str


class DifferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """One field that the two sides do not agree on. ours, theirs: keyed hashes of its values, in hexadecimal."""

    id: str
    kind: str
    object_id: str
    old_id: str
    field: str
    ours: str
    theirs: str
    first_at_ms: int
    last_at_ms: int
    times: int
    settled_at_ms: int


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event that was pushed."""

    id: str
    became: str


def job_view(wish: JobWish | None, status: JobStatus) -> JobView:
    """A job as the API shows it."""
    counts = status.counts
    read = counts.read
    is_proved = status.source.count > 0 or status.target.count > 0
    return JobView(
        job=status.job.value,
        wanted="nothing" if wish is None else wish.wanted,
        export="" if wish is None else wish.export,
        state=_state(wish, status),
        read=read,
        moved=counts.moved + counts.updated + counts.merged,
        quarantined=status.waiting,
        quarantined_percent=round(100 * status.waiting / read, 4) if read > 0 else 0.0,
        total=status.total,
        balanced=status.source == status.target if is_proved else None,
        fault="" if wish is None else wish.fault,
        status=status,
    )


def _state(wish: JobWish | None, status: JobStatus) -> str:
    """The job's state; what is done with another export than the wanted one is new."""
    if wish is not None and status.state is JobState.DONE and not wish.is_done(status.state):
        return JobState.NEW.value
    return status.state.value


def dual_write_view(found: Found, writes: list[OldWrite]) -> DualWriteView:
    """Dual write as the API shows it."""
    failing = min((one for one in writes if one.fault), key=lambda one: one.waiting_since_ms, default=None)
    return DualWriteView(
        waiting=found.waiting,
        oldest_waiting_ms=found.waiting_ms,
        fault="" if failing is None else f"{failing.id}: {failing.fault}",
    )


def catch_up_view(found: Found) -> CatchUpView:
    """Catch-up as the API shows it."""
    cursor = found.cursor
    if cursor is None:
        return CatchUpView(lag_ms=None, taken=0, ours=0, slowest_ms=0, last_event_id="", fault="")
    return CatchUpView(
        lag_ms=found.lag_ms,
        taken=cursor.taken,
        ours=cursor.ours,
        slowest_ms=cursor.slowest_ms,
        last_event_id=cursor.event_id,
        fault=cursor.fault,
    )


def comparison_view(found: Found) -> ComparisonView:
    """Shadow reads as the API shows them."""
    evidence = found.evidence
    if evidence is None:
        return ComparisonView(
            stated_seconds=0,
            at_least=0,
            equal=0,
            equal_for_ms=0,
            compared=0,
            differing=0,
            missing=0,
            unreadable=0,
            open_differences=found.open_differences,
            stopped_by="",
            stopped_at_ms=0,
        )
    return ComparisonView(
        stated_seconds=evidence.stated_ms // 1000,
        at_least=evidence.least,
        equal=evidence.equal,
        equal_for_ms=evidence.equal_ms,
        compared=evidence.equal_total + evidence.differing_total + evidence.missing_total,
        differing=evidence.differing_total,
        missing=evidence.missing_total,
        unreadable=evidence.unreadable_total,
        open_differences=found.open_differences,
        stopped_by=evidence.stopped_by,
        stopped_at_ms=evidence.stopped_at_ms,
    )


def cut_over_view(found: Found) -> CutOverView:
    """Readiness as the API shows it."""
    evidence, no_return = found.evidence, found.no_return
    allowed_at_ms = 0 if evidence is None else evidence.allowed_at_ms
    return CutOverView(
        allowed=allowed_at_ms > 0,
        allowed_at_ms=allowed_at_ms,
        wanting=found.wanting,
        way_back=no_return is None,
        no_return_job="" if no_return is None else no_return.job,
        no_return_at_ms=0 if no_return is None else no_return.at_ms,
    )


def authority_view(owner_id: str, authority: Authority) -> AuthorityView:
    """An authority as the API shows it."""
    return AuthorityView(owner_id=owner_id, side=authority.side, reason=authority.reason, flag=authority.flag)


def difference_view(difference: Difference) -> DifferenceView:
    """A difference as the API shows it."""
    return DifferenceView(
        id=difference.id,
        kind=difference.object_kind,
        object_id=difference.object_id,
        old_id=difference.there,
        field=difference.field,
        ours=difference.ours,
        theirs=difference.theirs,
        first_at_ms=difference.first_at_ms,
        last_at_ms=difference.last_at_ms,
        times=difference.times,
        settled_at_ms=difference.settled_at_ms,
    )
