"""The commands that need no export: ``status``, ``pause``, ``cancel``, ``undo`` and ``report``."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.asking_daemon import confirmed
from daemon.cli.core.migrate.progressing import Progressing
from daemon.cli.core.migrate.reported import write_quarantine, write_report
from daemon.cli.core.migrate.words import tell_status, tell_undone
from daemon.cli.core.migrate.world import OPERATOR, limits_for, over_a_store, with_migration
from daemon.cli.core.store import Actor
from daemon.cli.options import Force, Json
from daemon.cli.output import Exit, fail, print_json, say
from payment_core.assembly.migrating import Migration
from payment_core.clock import SystemClock
from payment_core.migration.engine.acts import cancel, pause
from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.engine.undoing import Undone
from payment_core.migration.limits import Limits
from payment_core.migration.names import JobName
from payment_core.migration.reconciling.rendering import Report
from payment_core.migration.reconciling.reporting import SignedReport, last, signed
from payment_core.migration.status import JobStatus
from payment_core.options import CoreOptions
from payment_core.store.port import LedgerStore

OneJob = Annotated[JobName, typer.Option("--job", help="Which job.")]

Act = Callable[[LedgerStore, Claimant, JobName, str], Awaitable[None]]


@over_a_store
def status_command(
    *,
    options: CoreOptions,
    as_json: Json = False,
) -> None:
    """Show where each job is: its counts, both sides' sums, what waits in quarantine, and why it stopped."""
    statuses = with_migration(options, _statuses)
    if as_json:
        print_json({"jobs": statuses})
    else:
        tell_status(statuses)


@over_a_store
def pause_command(
    *,
    job: OneJob,
    options: CoreOptions,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """Stop a job that runs after the batch under way; ``run --resume`` goes on there. Exit 1 when it does not run."""
    _hold(options, actor, job, pause, as_json=as_json)


@over_a_store
def cancel_command(
    *,
    job: OneJob,
    options: CoreOptions,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """End a job that runs; what it moved stays until it is undone. Exit 1 when it does not run."""
    _hold(options, actor, job, cancel, as_json=as_json)


@over_a_store
def undo_command(
    *,
    job: Annotated[list[JobName] | None, typer.Option("--job", help="Only this job; may be given again.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Take it over from a runner that still has it.")] = False,
    force: Force = False,
    options: CoreOptions,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """Take back what was moved: numbers destroyed, entries reversed, no book deleted. Exit 1 past the way back."""
    names = [name for name in reversed(JobName) if job is None or name in job]
    confirmed(f"Take back {', '.join(names)}? Numbers that were moved are destroyed.", force=force)
    limits = limits_for(options)

    async def undo(migration: Migration) -> tuple[Undone, ...]:
        done = []
        with Progressing(SystemClock(), as_json=as_json) as progress:
            for name in names:
                status = await migration.runner.status(name)
                told = progress.of(name, status.counts.moved)
                done.append(await migration.runner.undo(name, limits, resume=resume, on_progress=told))
        return tuple(done)

    done = with_migration(options, undo, actor)
    if as_json:
        print_json({"jobs": done})
    else:
        tell_undone(done)
    if any(one.kept for one in done):
        raise typer.Exit(Exit.NO)


@over_a_store
def report_command(
    *,
    out: Annotated[Path | None, typer.Option(help="Directory for the signed report: Markdown, JSON and CSV.")] = None,
    quarantine: Annotated[
        Path | None, typer.Option(help="File for one line of JSON for each record that cannot move, and why.")
    ] = None,
    options: CoreOptions,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """Write down what the last ``verify`` found, signed and on record; exit 1 when that was not right."""
    if out is None and quarantine is None:
        fail("nothing was asked for\n  fix: name a directory with --out, or a file with --quarantine", Exit.BAD_INPUT)

    async def report(migration: Migration) -> tuple[SignedReport | None, int]:
        waiting = 0 if quarantine is None else await write_quarantine(migration.store, quarantine)
        return None if out is None else await _signed(migration), waiting

    made, waiting = with_migration(options, report, actor)
    if made is not None and out is not None:
        write_report(out, made)
    if as_json:
        print_json({"signature": None if made is None else made.signature, "waiting": waiting})
    else:
        if made is not None:
            say(
                f"{out}: {', '.join(made.files)} and signature.json; {'right' if made.signature.right else 'NOT right'}"
            )
        if quarantine is not None:
            say(f"{quarantine}: {waiting} records in quarantine")
    if made is not None and not made.signature.right:
        raise typer.Exit(Exit.NO)


def _hold(options: CoreOptions, actor: str, job: JobName, act: Act, *, as_json: bool) -> None:
    async def hold(migration: Migration) -> JobStatus:
        await act(migration.store, migration.runner.claimant(Limits()), job, migration.actor)
        return await migration.runner.status(job)

    status = with_migration(options, hold, actor)
    if as_json:
        print_json(status)
    else:
        tell_status((status,))


async def _statuses(migration: Migration) -> tuple[JobStatus, ...]:
    return tuple([await migration.runner.status(job) for job in JobName])


async def _signed(migration: Migration) -> SignedReport:
    found = await last(migration.store)
    if found is None:
        fail("nothing was verified yet\n  fix: tillwatch migrate verify EXPORT", Exit.NO)
    report = Report(made_at_ms=migration.clock.now_ms(), reconciliation=found, jobs=await _statuses(migration))
    claimant = migration.runner.claimant(Limits())
    return await signed(migration.store, claimant, migration.signer, report, migration.actor)
