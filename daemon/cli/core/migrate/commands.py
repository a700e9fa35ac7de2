"""The commands that read an export: ``plan``, ``run`` and ``verify``."""

from contextlib import AsyncExitStack
from typing import Annotated

import msgspec
import typer

from daemon.cli.core.migrate.acts import cancel_command, pause_command, report_command, status_command, undo_command
from daemon.cli.core.migrate.progressing import Progressing
from daemon.cli.core.migrate.words import tell_dry_run, tell_plan, tell_reconciliation, tell_status
from daemon.cli.core.migrate.world import (
    OPERATOR,
    ExportDir,
    ExportKey,
    export_of,
    limits_for,
    over_an_export,
    with_migration,
)
from daemon.cli.core.store import Actor
from daemon.cli.options import Json
from daemon.cli.output import Exit, note, print_json
from payment_core.assembly.migrating import Migration
from payment_core.clock import SystemClock
from payment_core.migration.engine.claiming import Asked
from payment_core.migration.engine.source import ExportSource
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.manifest import Manifest
from payment_core.migration.limits import Limits
from payment_core.migration.names import KINDS_OF, JobName
from payment_core.migration.reconciling.model import Reconciliation
from payment_core.migration.reconciling.reporting import keep
from payment_core.migration.reconciling.whole import Reconciling
from payment_core.migration.status import JobStatus
from payment_core.options import CoreOptions

migrate_app = typer.Typer(no_args_is_help=True, help="Leave the old processor: move its export here, with proof.")
migrate_app.command("status")(status_command)
migrate_app.command("pause")(pause_command)
migrate_app.command("cancel")(cancel_command)
migrate_app.command("undo")(undo_command)
migrate_app.command("report")(report_command)

Jobs = Annotated[list[JobName] | None, typer.Option("--job", help="Only this job; may be given again.")]
Batch = Annotated[int, typer.Option(min=0, max=2_000, help="Records in one transaction; 0 takes what suits the store.")]


class Planned(msgspec.Struct, frozen=True):
    """The answer of ``plan``."""

    export: str
    manifest: Manifest
    jobs: tuple[JobStatus, ...]


@migrate_app.command("plan")
@over_an_export
def plan_command(
    export: ExportDir,
    *,
    options: CoreOptions,
    key: ExportKey,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """Prove every file of an export, and say what each job would read; exit 2 when a file is not as promised."""

    async def plan(migration: Migration) -> Planned:
        opened = await export_of(migration, export, options, key)
        for kind in Kind:
            await opened.prove(kind)
        statuses = tuple([await migration.runner.status(job) for job in JobName])
        return Planned(ExportSource(opened).identity, opened.manifest, statuses)

    found = with_migration(options, plan, actor)
    if as_json:
        print_json(found)
    else:
        tell_plan(found.manifest, found.jobs, _limits(0, 0, options).batch_records)


@migrate_app.command("run")
@over_an_export
def run_command(
    export: ExportDir,
    *,
    job: Jobs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Everything but the commit: say what would move.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on although it was paused, ended or stopped; take it over at once.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Once more from the first record, although it is done.")
    ] = False,
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Only what waits in quarantine, once the export is mended.")
    ] = False,
    rate: Annotated[int, typer.Option(min=0, help="Records a second at the most; 0 for no limit.")] = 0,
    batch: Batch = 0,
    options: CoreOptions,
    key: ExportKey,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """Move an export, job after job, from its checkpoint on; exit 1 when a job is held or a difference is found."""
    limits = _limits(batch, rate, options)
    asked = Asked(resume=resume, again=again, only_waiting=quarantined)

    async def run(migration: Migration) -> tuple[JobStatus, ...]:
        source = ExportSource(await export_of(migration, export, options, key))
        names = [name for name in JobName if job is None or name in job]
        done = []
        async with AsyncExitStack() as stack:
            runs = await stack.enter_async_context(migration.dry_run()) if dry_run else migration.runner
            progress = stack.enter_context(Progressing(SystemClock(), as_json=as_json))
            for name in names:
                told = progress.of(name, sum(source.records(kind) for kind in KINDS_OF[name]))
                done.append(await runs.run(name, source, limits, asked, told))
        return tuple(done)

    statuses = with_migration(options, run, actor)
    if as_json:
        print_json({"dry_run": dry_run, "jobs": statuses})
    elif dry_run:
        tell_dry_run(statuses)
    else:
        tell_status(statuses)
        if any(status.waiting for status in statuses):
            note("what is in quarantine, and why: tillwatch migrate report --quarantine FILE.jsonl")


@migrate_app.command("verify")
@over_an_export
def verify_command(
    export: ExportDir,
    *,
    options: CoreOptions,
    key: ExportKey,
    actor: Actor = OPERATOR,
    as_json: Json = False,
) -> None:
    """Read the whole export and the whole store again, and compare them; exit 1 for a difference of a cent or a row."""

    async def verify(migration: Migration) -> Reconciliation:
        source = ExportSource(await export_of(migration, export, options, key))
        reconciling = Reconciling(
            store=migration.store,
            books=migration.store,
            jobs=migration.jobs,
            clock=migration.clock,
            actor=migration.actor,
        )
        with Progressing(SystemClock(), as_json=as_json) as progress:
            total = sum(source.records(kind) for kind in Kind)
            found = await reconciling.reconcile(source, progress.reading(total))
        await keep(migration.store, migration.runner.claimant(Limits()), found, migration.actor)
        return found

    found = with_migration(options, verify, actor)
    if as_json:
        print_json(found)
    else:
        tell_reconciliation(found)
    if not found.right:
        raise typer.Exit(Exit.NO)


def _limits(batch: int, rate: int, options: CoreOptions) -> Limits:
    limits = limits_for(options)
    return Limits(batch_records=batch if batch > 0 else limits.batch_records, records_per_second=rate)
