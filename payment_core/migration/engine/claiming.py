"""Who works on a job: one runner at a time, known by an epoch that every batch is written under."""

import msgspec

from payment_core.clock import Clock
from payment_core.identifiers import new_id
from payment_core.migration.engine.source import Source
from payment_core.migration.errors import ExportChanged, JobHeld, JobInterrupted, LeaseLost, NotYet, RunnerBusy
from payment_core.migration.export.errors import ManifestUnusable
from payment_core.migration.export.records import START
from payment_core.migration.model import Counts, MigrationAct, MigrationRun
from payment_core.migration.names import KINDS_OF, NEEDS, JobName, JobState
from payment_core.migration.proof.sides import Side
from payment_core.migration.running.model import CURSOR_ID, FeedCursor
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction

AHEAD_MS_MAX = 300_000
"""By so much the clocks of the old processor and of this machine may differ."""

HELD = frozenset({JobState.PAUSED, JobState.CANCELED, JobState.STOPPED})
"""States in which a job goes on only when somebody says so."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How a job is to be run.

    resume: go on although it was paused, canceled or stopped, and take it over from a runner that still has it.
    again: once more from the first record although it is done. only_waiting: what is in quarantine alone.
    """

    resume: bool = False
    again: bool = False
    only_waiting: bool = False


class Claim(msgspec.Struct, frozen=True):
    """A job as this runner has it. goes_on: False when it is done and nothing was asked for."""

    run: MigrationRun
    goes_on: bool


class Claimant:
    """Claims jobs for one runner. no_return: whether the job is declared to have a point of no return."""

    def __init__(self, *, runner: str, clock: Clock, origin: Origin, actor: str, lease_ms: int) -> None:
        self.runner = runner
        self.lease_ms = lease_ms
        self._clock = clock
        self._origin = origin
        self._actor = actor

    def claim(self, transaction: Transaction, job: JobName, source: Source, asked: Asked, *, no_return: bool) -> Claim:
        """Take the job, to be run with the source.

        Raises RunnerBusy, JobHeld, NotYet, ExportChanged and ManifestUnusable; nothing was changed then.
        """
        _of_the_past(source, transaction.now_ms)
        export, total = source.identity, sum(source.records(kind) for kind in KINDS_OF[job])
        known = transaction.get(MigrationRun, job.value)
        run = MigrationRun(id=job.value) if known is None else known
        self.not_busy(run, transaction.now_ms, resume=asked.resume)
        _may_go_on(run, asked)
        _tellable(run, source)
        for needed in NEEDS[job]:
            other = transaction.get(MigrationRun, needed.value)
            if other is None or other.state is not JobState.DONE:
                raise NotYet(f"{job.value} needs {needed.value}; run that first.")
        if run.state is JobState.DONE and run.export == export and not (asked.again or asked.only_waiting):
            return Claim(run, goes_on=False)
        begun = _begun(run, export, total, asked, transaction.now_ms)
        begun = msgspec.structs.replace(begun, made_at_ms=source.made_at_ms, no_return=begun.no_return or no_return)
        if begun.passes != run.passes:
            _turn_feed_back(transaction)
        return Claim(self.take(transaction, begun, JobState.RUNNING, "run"), goes_on=True)

    def take(self, transaction: Transaction, run: MigrationRun, state: JobState, act: str) -> MigrationRun:
        """Write that the job is ours from now on, with a higher epoch than anybody had."""
        after = msgspec.structs.replace(
            run,
            state=state,
            why="",
            runner=self.runner,
            epoch=run.epoch + 1,
            lease_until_ms=transaction.now_ms + self.lease_ms,
            started_at_ms=run.started_at_ms if run.started_at_ms > 0 else transaction.now_ms,
            updated_at_ms=transaction.now_ms,
            ended_at_ms=0,
        )
        transaction.put(after)
        self.note(transaction, run.id, act, f"export {after.export[:16]}, pass {after.passes}")
        return after

    def not_busy(self, run: MigrationRun, now_ms: int, *, resume: bool) -> None:
        """Raise RunnerBusy while another runner has the job."""
        if run.runner != self.runner and run.lease_until_ms > now_ms and not resume:
            seconds = -(-(run.lease_until_ms - now_ms) // 1000)
            raise RunnerBusy(f"{run.id}: {run.runner} has it for {seconds} s more; --resume takes it over at once.")

    def hold(self, transaction: Transaction, mine: MigrationRun) -> MigrationRun:
        """The job as it is, ours for another while. Raises LeaseLost and JobInterrupted."""
        run = transaction.get(MigrationRun, mine.id)
        if run is None or run.epoch != mine.epoch or run.batches != mine.batches:
            raise LeaseLost(mine.id)
        if run.state is not mine.state:
            raise JobInterrupted(f"{mine.id} is {run.state.value}.")
        return msgspec.structs.replace(
            run, lease_until_ms=transaction.now_ms + self.lease_ms, updated_at_ms=transaction.now_ms
        )

    def note(
        self, transaction: Transaction, job: str, act: str, detail: str, *, sha256: str = "", signature: str = ""
    ) -> None:
        """Put what somebody did on record."""
        entry = MigrationAct(
            id=new_id("mig", transaction.now_ms),
            created_at_ms=transaction.now_ms,
            updated_at_ms=transaction.now_ms,
            job=job,
            act=act,
            actor=self._actor,
            detail=detail,
            sha256=sha256,
            signature=signature,
        )
        record_change(transaction, self._origin, entry, status=act)


def _of_the_past(source: Source, now_ms: int) -> None:
    """What happens until its time would be taken for older than the export, and be lost without a word."""
    ahead_ms = source.made_at_ms - now_ms
    if ahead_ms > AHEAD_MS_MAX:
        seconds = -(-ahead_ms // 1000)
        raise ManifestUnusable(f"made_at is {seconds} s from now; write when it was made, or set the clock.")


def _tellable(run: MigrationRun, source: Source) -> None:
    """Of two records about one object the later counts, by the time of their exports: at one time neither is later."""
    if run.state is JobState.DONE and run.export != source.identity and run.made_at_ms == source.made_at_ms:
        raise ManifestUnusable(
            f"made_at is that of {run.export[:16]}, which {run.id} has read, and this is another export; "
            "write a later time, a millisecond is enough, so that what was mended counts."
        )


def released(transaction: Transaction, mine: MigrationRun) -> None:
    """Let the job go, if it is still ours."""
    run = transaction.get(MigrationRun, mine.id)
    if run is not None and run.epoch == mine.epoch:
        transaction.put(msgspec.structs.replace(run, lease_until_ms=0))


def _turn_feed_back(transaction: Transaction) -> None:
    """Have events read again from the oldest: what happened since the export may have been passed over as nobody's.

    What was taken already is known, and what is older than the export too.
    """
    known = transaction.get(FeedCursor, CURSOR_ID)
    cursor = FeedCursor(id=CURSOR_ID) if known is None else known
    # Counted also when it is at the oldest: a look that is under way must not pass over what it took for nobody's.
    transaction.put(msgspec.structs.replace(cursor, event_id="", caught_up_at_ms=0, turns=cursor.turns + 1))


def _may_go_on(run: MigrationRun, asked: Asked) -> None:
    if run.state is JobState.UNDOING:
        raise JobHeld(f"{run.id}: it is being undone; end that with: tillwatch migrate undo --job {run.id}.")
    if run.state in HELD and not asked.resume:
        why = f" ({run.why})" if run.why != "" else ""
        raise JobHeld(f"{run.id} is {run.state.value}{why}; --resume goes on.")
    if asked.only_waiting and run.state is not JobState.DONE and not run.only_waiting:
        raise NotYet(f"{run.id}: what is in quarantine is run again once the rest is done.")


def _begun(run: MigrationRun, export: str, total: int, asked: Asked, now_ms: int) -> MigrationRun:
    """The run as it goes on, or begins a pass."""
    finished = run.state in {JobState.NEW, JobState.DONE, JobState.UNDONE}
    if not finished:
        if run.export != export and run.batches > 0:
            raise ExportChanged(f"{run.id} began with {run.export[:16]}, this is {export[:16]}; end that one first.")
        return msgspec.structs.replace(run, export=export, total=total)
    if asked.only_waiting:
        return msgspec.structs.replace(
            run, export=export, passes=run.passes + 1, only_waiting=True, source_kind=None, position=START
        )
    return msgspec.structs.replace(
        run,
        export=export,
        total=total,
        passes=run.passes + 1,
        only_waiting=False,
        source_kind=None,
        position=START,
        batches=0,
        proved=0,
        counts=Counts(),
        source=Side(),
        target=Side(),
        started_at_ms=now_ms,
        undone=0,
        undo_after="",
        stayed=(),
    )
