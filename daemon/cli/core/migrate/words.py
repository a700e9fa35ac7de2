"""What the commands of a migration tell people."""

from collections.abc import Sequence

from daemon.cli.output import say
from daemon.http.words.wording import counted
from payment_core.migration.engine.undoing import Undone
from payment_core.migration.export.manifest import Manifest
from payment_core.migration.names import KINDS_OF, JobName
from payment_core.migration.proof.sides import Sum
from payment_core.migration.reconciling.model import Reconciliation
from payment_core.migration.status import JobStatus

DIFFERENCES_TOLD = 10


def tell_plan(manifest: Manifest, statuses: Sequence[JobStatus], batch: int) -> None:
    """What would be read, by job in the order in which they run."""
    kind = "live" if manifest.livemode else "test"
    say(f"export of {manifest.account}, {kind} data, made at {manifest.made_at.isoformat()}; every file is whole")
    for status in statuses:
        files = [file for kind in KINDS_OF[status.job] for file in manifest.of(kind)]
        records = sum(file.records for file in files)
        batches = counted(-(-records // batch), "batch", "batches")
        say(
            f"{status.job.value}: {counted(records, 'record')} in {counted(len(files), 'file')}, {batches}; "
            f"{_place(status)}"
        )
        if status.point_of_no_return:
            say("  point of no return: once it has begun there is no undo, only a fix forward")


def tell_status(statuses: Sequence[JobStatus]) -> None:
    """Where each job is."""
    for status in statuses:
        say(f"{status.job.value}: {_place(status)}")
        if status.why != "":
            say(f"  {status.why}")
        if status.unproved > 0:
            say(f"  {counted(status.unproved, 'batch', 'batches')} written and not yet read back; --resume does that")
        if status.past_return:
            say("  past its point of no return: fix forward")


def tell_dry_run(statuses: Sequence[JobStatus]) -> None:
    """What would have moved."""
    for status in statuses:
        counts = status.counts
        here = counts.unchanged + counts.merged + counts.older
        say(
            f"{status.job.value}: of {counted(counts.read, 'record')} {counts.moved} would move, "
            f"{counts.updated} would change, {here} are here, {counts.quarantined} cannot move"
        )
    say("nothing was written")


def tell_reconciliation(found: Reconciliation) -> None:
    """The verdict, and the first differences."""
    waiting = sum(reason.records for reason in found.quarantine)
    word = "right" if found.right else "NOT right"
    records = sum(kind.exported for kind in found.kinds)
    equal = sum(kind.equal for kind in found.kinds)
    say(
        f"{word}: {counted(records, 'record')} of the export, {equal} equal here, {waiting} in quarantine, "
        f"{counted(found.difference_count, 'difference')}; {counted(len(found.accounts), 'balance')} compared, "
        f"ledger {'balanced' if found.ledger_balanced else 'NOT balanced'}"
    )
    for kind in found.kinds:
        if kind.exported > 0:
            sums = f", {_sums(kind.target)}" if kind.target else ""
            say(f"  {kind.kind.value}: {kind.exported} exported, {kind.equal} equal, {kind.waiting} waiting{sums}")
    for one in found.differences[:DIFFERENCES_TOLD]:
        say(f"  {one.what}: export {one.source}, here {one.target}")
    if found.difference_count > DIFFERENCES_TOLD:
        say(f"  and {found.difference_count - DIFFERENCES_TOLD} more: tillwatch migrate report writes them down")


def tell_undone(done: Sequence[Undone]) -> None:
    """What was taken back."""
    for one in done:
        say(f"{one.job.value}: {counted(one.records, 'record')} taken back")
        for kept in one.kept[:DIFFERENCES_TOLD]:
            say(f"  stays: {kept}")
        if one.job is JobName.AUDIT_TRAIL:
            say("  its pages stay: a trail is never taken back")


def _place(status: JobStatus) -> str:
    counts = status.counts
    done = f"{status.state.value}, {counts.read} of {status.total} read" if status.total > 0 else status.state.value
    if status.undone > 0:
        done = f"{status.state.value}, {status.undone} taken back"
    sums = f", {_sums(status.target.sums)}" if status.target.sums else ""
    return f"{done}{sums}, {status.waiting} in quarantine"


def _sums(sums: Sequence[Sum]) -> str:
    return ", ".join(f"{one.amount} {one.currency}" for one in sums)
