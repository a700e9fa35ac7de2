"""Opens everything that the daemon is made of, in order; what was opened is closed in the opposite order."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from checks.engine import Engine
from config.load import Configuration
from config.settings import Settings
from daemon.archive.archive import Archive
from daemon.automation import Automation
from daemon.aws.session import AwsClients
from daemon.channels.opened import Channels, open_channels
from daemon.cores.books_watch import BooksWatch
from daemon.cores.flag_reports import FlagReports
from daemon.cores.opened import open_books
from daemon.deployments.opened import DeploymentParts, Surroundings, open_deployments
from daemon.environments.opened import open_environments
from daemon.environments.region import EnvironmentsByRegion
from daemon.flags.changes import FlagChanges
from daemon.flags.opened import open_flag_foundation, open_flags
from daemon.flags.parts import FlagFoundation, FlagParts
from daemon.incidents.opened import open_incidents
from daemon.incidents.parts import IncidentParts
from daemon.leadership import LEASE_MS
from daemon.open_actions import open_actions
from daemon.pipeline import Pipeline, kept_nowhere
from daemon.probes.opened import Probes, open_probes
from daemon.probes.places import regions_of
from daemon.public.opened import open_public
from daemon.public.parts import PublicParts
from daemon.public.watching import Watching
from daemon.reports.opened import Reporting, open_reporting
from daemon.rollbacks.opened import open_rollbacks
from daemon.rollbacks.parts import RollbackParts
from daemon.rollbacks.release_flags import ReleaseFlags
from daemon.scaling.opened import ScalingFoundation, ScalingParts, open_scaling, open_scaling_foundation
from daemon.senses.loop_lag import LoopLag
from daemon.senses.opened import open_senses
from daemon.senses.payment_flow import PaymentFlow
from daemon.senses.sightings import SeeingSink, outliving_sightings
from daemon.senses.signs_of_life import Senses
from daemon.senses.traffic_watch import TrafficWatch
from daemon.sources.backfill import Backfill
from daemon.sources.opened import PAYMENTS, Source, open_sources, open_trust
from daemon.sources.trust import Trust
from daemon.state_keeping import StateKeeping
from daemon.storage.checkpoint import PROBES, Checkpoint
from daemon.storage.quarantine import Quarantine, Quarantined
from daemon.storage.state_store import StateStore
from daemon.traces.export import TraceExport
from daemon.traces.opened import open_traces
from daemon.traffic.opened import OpenedTraffic, open_traffic
from daemon.view.series import PaymentSeries
from remediation.executor import Executor
from remediation.journal import kinds
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Traffic

HORIZON_MS = 86_400_000
"""Facts are kept for a day: for rules that no snapshot knows, and for when none can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What was opened."""

    journal: SqliteJournal
    writer: JournalWriter
    checkpoint: Checkpoint
    quarantine: Quarantine
    payments: PaymentSeries
    executor: Executor
    pipeline: Pipeline
    automation: Automation
    keeping: StateKeeping
    sources: tuple[Source, ...]
    trust: Trust
    backfill: Backfill
    reporting: Reporting
    watch: TrafficWatch
    probes: Probes
    sink: SeeingSink
    senses: Senses
    loop_lag: LoopLag
    archive: Archive | None
    traces: TraceExport | None
    deployments: DeploymentParts
    rollbacks: RollbackParts
    incidents: IncidentParts
    channels: Channels | None
    flags: FlagParts
    scaling: ScalingParts
    flag_reports: FlagReports
    public: PublicParts
    books: BooksWatch


async def open_parts(
    stack: AsyncExitStack,
    configuration: Configuration,
    engine: Engine,
    clock: Clock,
    *,
    holder: str,
    changed: Callable[[], None],
) -> Parts:
    """Open the stores, take the lease, make the clients; everything is closed when the stack is.

    holder: names the place that this process has for itself. changed: called when something to show has changed.
    Raises RemediationError when the journal cannot be used or another daemon leads, DaemonError for the rest.
    """
    settings, policy = configuration.settings, configuration.policy
    trust = await open_trust(stack, settings, clock)
    journal, writer = await _open_journal(stack, settings.data_dir, holder, clock)
    checkpoint, quarantine = await _open_stores(stack, settings, writer)
    clients = AwsClients(settings.aws)
    sqs = await stack.enter_async_context(clients.client("sqs"))
    traffic = await open_traffic(stack, settings, policy.traffic, clients)
    payments, flow, sightings = PaymentSeries(), PaymentFlow(clock), await outliving_sightings(settings.data_dir)
    probes = await open_probes(stack, settings, sqs, clock, prices=configuration.prices, see=sightings.see)
    environments = await open_environments(stack, settings, clients, clock)
    flags = await open_flag_foundation(configuration, writer, clock)
    scaling = await open_scaling_foundation(stack, configuration, clients, environments, traffic.by_region, clock)
    actions = await open_actions(
        stack, settings, policy, traffic, probes.core, payments, environments, flags.changes, scaling.scaled
    )
    executor, archive = Executor(writer, actions, clock, policy), await _open_archive(stack, settings, clock)
    pipeline = _pipeline(checkpoint, engine, payments, writer, executor, clock, changed, flow, archive)
    sink = SeeingSink(pipeline, sightings, clock)
    over = _surroundings(
        configuration, environments, traffic, probes, pipeline, checkpoint, writer, executor, clock, flow, flags.changes
    )
    deployments = await open_deployments(stack, over)
    incidents = open_incidents(writer, pipeline, checkpoint, clock, configuration.escalation, configuration.procedures)
    reporting = await open_reporting(stack, settings, clients, checkpoint, sink, quarantine, writer, clock)
    polled = await open_sources(stack, settings, clients, sqs, sink, quarantine, trust, clock)
    return Parts(
        journal=journal,
        writer=writer,
        checkpoint=checkpoint,
        quarantine=quarantine,
        payments=payments,
        executor=executor,
        pipeline=pipeline,
        automation=_automation(over, flow, flags),
        keeping=StateKeeping(StateStore(settings.data_dir / "state"), checkpoint, pipeline, payments, clock),
        trust=trust,
        sources=(*polled, *reporting.bill),
        reporting=reporting,
        backfill=_backfill(settings, probes, checkpoint, sink),
        watch=TrafficWatch(traffic.shown, clock),
        probes=probes,
        sink=sink,
        senses=await open_senses(stack, settings, clients, sightings, clock),
        loop_lag=LoopLag(clock),
        archive=archive,
        traces=await open_traces(stack, settings, journal, clock),
        deployments=deployments,
        rollbacks=await _open_rollbacks(stack, over, ReleaseFlags(flags.changes, flags.policies)),
        incidents=incidents,
        channels=await open_channels(stack, settings, writer, clock, incidents.escalation, journal.read),
        flags=await _open_flags(stack, over, flags, deployments),
        scaling=await _open_scaling(scaling, over, traffic.between),
        flag_reports=FlagReports(probes.clients, flags.followers, clock),
        public=await _open_public(stack, over, clients, polled),
        books=await open_books(stack, settings, clock, changed),
    )


async def _open_journal(
    stack: AsyncExitStack, data_dir: Path, holder: str, clock: Clock
) -> tuple[SqliteJournal, JournalWriter]:
    journal = await SqliteJournal.open(data_dir / "journal.db")
    stack.push_async_callback(journal.close)
    # The folder is locked for this process, so the holder of its lease can only be dead.
    lease = await journal.acquire_lease(holder, LEASE_MS, clock.now_ms())
    return journal, await JournalWriter.open(journal, lease, clock)


async def _open_stores(
    stack: AsyncExitStack, settings: Settings, writer: JournalWriter
) -> tuple[Checkpoint, Quarantine]:
    home = settings.aws.region
    producers = dict.fromkeys(regions_of(settings.cores, home), home)
    checkpoint = await Checkpoint.open(settings.data_dir / "checkpoint.db", HORIZON_MS, producers)
    stack.push_async_callback(checkpoint.close)
    quarantine = await Quarantine.open(settings.data_dir / "quarantine.db", _journaled(writer))
    stack.push_async_callback(quarantine.close)
    return checkpoint, quarantine


def _backfill(settings: Settings, probes: Probes, checkpoint: Checkpoint, sink: SeeingSink) -> Backfill:
    home = settings.aws.region
    return Backfill(probes.clients, checkpoint, sink, producer=home, sharing=regions_of(settings.cores, home))


async def _open_public(
    stack: AsyncExitStack, over: Surroundings, clients: AwsClients, polled: Sequence[Source]
) -> PublicParts:
    pipeline, settled = over.pipeline, over.settled
    payments = [one for one in polled if one.name == PAYMENTS]
    watching = Watching(payments, lambda: pipeline.fault, over.writer, over.clock)
    return await open_public(stack, settled.settings, settled.public, clients, over.writer, over.clock, watching)


def _pipeline(
    checkpoint: Checkpoint,
    engine: Engine,
    series: PaymentSeries,
    writer: JournalWriter,
    executor: Executor,
    clock: Clock,
    changed: Callable[[], None],
    flow: PaymentFlow,
    archive: Archive | None,
) -> Pipeline:
    return Pipeline(
        checkpoint=checkpoint,
        engine=engine,
        series=series,
        writer=writer,
        executor=executor,
        clock=clock,
        changed=changed,
        archived=flow.beside(kept_nowhere if archive is None else archive.take),
    )


def _automation(over: Surroundings, flow: PaymentFlow, flags: FlagFoundation) -> Automation:
    pipeline = over.pipeline
    return Automation(
        over.writer,
        over.executor,
        flow,
        over.clock,
        lambda: pipeline.policy,
        lambda facts: pipeline.accept(facts, PROBES),
        lambda one: flags.policies.revived_elsewhere(one, flags.changes.book),
    )


async def _open_flags(
    stack: AsyncExitStack, over: Surroundings, foundation: FlagFoundation, deployments: DeploymentParts
) -> FlagParts:
    settings, pipeline = over.settled.settings, over.pipeline
    return await open_flags(
        stack,
        foundation,
        data_dir=settings.data_dir,
        facts=over.checkpoint,
        writer=over.writer,
        policy=lambda: pipeline.policy,
        deployments=lambda: deployments.current.value,
        find=pipeline.find,
        region=settings.aws.region,
        clock=over.clock,
    )


async def _open_scaling(foundation: ScalingFoundation, over: Surroundings, between: Traffic | None) -> ScalingParts:
    pipeline = over.pipeline
    return await open_scaling(
        foundation,
        over.settled,
        between,
        writer=over.writer,
        executor=over.executor,
        policy=lambda: pipeline.policy,
        find=pipeline.find,
        flow=over.flow,
        clock=over.clock,
    )


async def _open_rollbacks(stack: AsyncExitStack, over: Surroundings, flags: ReleaseFlags) -> RollbackParts:
    return await open_rollbacks(
        stack,
        over.settled.settings,
        writer=over.writer,
        executor=over.executor,
        pipeline=over.pipeline,
        checkpoint=over.checkpoint,
        environments=over.environments,
        probes=over.probes,
        traffic=over.traffic,
        flags=flags,
        clock=over.clock,
    )


def _surroundings(
    configuration: Configuration,
    environments: EnvironmentsByRegion,
    traffic: OpenedTraffic,
    probes: Probes,
    pipeline: Pipeline,
    checkpoint: Checkpoint,
    writer: JournalWriter,
    executor: Executor,
    clock: Clock,
    flow: PaymentFlow,
    flags: FlagChanges,
) -> Surroundings:
    return Surroundings(
        settled=configuration,
        environments=environments,
        traffic=traffic.by_region,
        cohorts=traffic.cohorts,
        probes=probes,
        pipeline=pipeline,
        checkpoint=checkpoint,
        writer=writer,
        executor=executor,
        clock=clock,
        flow=flow.seen,
        flags=flags,
    )


async def _open_archive(stack: AsyncExitStack, settings: Settings, clock: Clock) -> Archive | None:
    """The archive of facts; None when the settings ask for none."""
    if not settings.archive.enabled:
        return None
    directory = settings.archive.directory
    archive = await Archive.open(
        settings.data_dir / "archive" if directory is None else directory, settings.archive, clock
    )
    stack.push_async_callback(archive.close)
    return archive


def _journaled(writer: JournalWriter) -> Callable[[Quarantined], Awaitable[None]]:
    """Tells the journal of each message put aside; its content stays in the quarantine."""

    async def note(entry: Quarantined) -> None:
        await writer.append(
            kinds.Quarantined(
                source=entry.source,
                message_id=f"q-{entry.sequence}",
                why=entry.what,
                size_bytes=entry.size_bytes,
            )
        )

    return note
