"""Opens everything about leaving the old processor while both run; without options for it, what says that it is off."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path

import msgspec

from payment_core.answers import Answer
from payment_core.assembly.migrating import export_hash_key, jobs_over, runner_over
from payment_core.assembly.vaulting import Vaulting
from payment_core.aws.secrets import SecretsManagerKey
from payment_core.clock import Clock
from payment_core.flags.arriving.files import read_secret
from payment_core.flags.declared import Gates
from payment_core.http.routes import Handler, Route
from payment_core.http.tables.migration import migration_routes
from payment_core.jobs import Duty
from payment_core.methods.revealing import Revealing
from payment_core.metrics.domain_counts import MigrationSeen
from payment_core.migration.engine.pace import LatencyGate
from payment_core.migration.engine.runner import Runner
from payment_core.migration.engine.source import ExportSource
from payment_core.migration.export.export import Export
from payment_core.migration.export.manifest import NAME as MANIFEST
from payment_core.migration.export.opening.keys import FileKey, KeySource
from payment_core.migration.feed.events import Events
from payment_core.migration.limits import Limits
from payment_core.migration.names import JobName
from payment_core.migration.running.catching_up import CatchUp
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.cut_over import CutOver
from payment_core.migration.running.doors.desk import MigrationDesk
from payment_core.migration.running.doors.pushed import PushedEvents
from payment_core.migration.running.driving import Driver
from payment_core.migration.running.dual_write.delivering import OldDelivering
from payment_core.migration.running.dual_write.noting import DualWriting
from payment_core.migration.running.feed_taking import FeedTaking
from payment_core.migration.running.lease import Lease
from payment_core.migration.running.links import Links
from payment_core.migration.running.model import JobWish, ObjectKind
from payment_core.migration.running.moved_records import MovedRecords
from payment_core.migration.running.nowhere import Nowhere
from payment_core.migration.running.old_http import OldHttp
from payment_core.migration.running.shadow_read.answering import BothReads
from payment_core.migration.running.shadow_read.differences import Differences
from payment_core.migration.running.shadow_read.reading import ShadowReads
from payment_core.migration.running.shadow_read.walking import WalkThrough
from payment_core.migration.running.standing import StandingLooks
from payment_core.migration.status import JobStatus
from payment_core.operations.call import Call
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.providers.screening import NameScreen
from payment_core.store.port import LedgerStore
from payment_core.tasks import Tasks
from payment_core.vault.errors import TokenShredded, TokenUnknown
from payment_core.vault.numbers.instruments import BankAccount, Card

ACTOR = "migration:core"
BATCH_RECORDS = 50
"""Of one transaction beside payments: some 5 ms of the writer's thread, and within what DynamoDB takes."""
SLOW_COMMIT_MS = 100.0
"""A commit that takes longer is felt by payments; jobs then wait three times as long as it took."""
CATCH_UP_SECONDS = 0.4
"""Changes there are less than a second behind, the look itself included."""

FULL = 1_000_000
"""These take what there is at each look, so that none follows at once."""

READ_BOTH: Mapping[str, tuple[ObjectKind, str]] = {
    "/v1/customers/{customer_id}": ("customer", "customer_id"),
    "/v1/payment_methods/{payment_method_id}": ("payment_method", "payment_method_id"),
    "/v1/bank_accounts/{bank_account_id}": ("bank_account", "bank_account_id"),
}
"""Reads that both sides can answer."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What it is opened over. names: that providers are screened against."""

    store: LedgerStore
    vaulting: Vaulting
    names: NameScreen
    flags: Gates
    origin: Origin
    clock: Clock


class BothRunning(msgspec.Struct, frozen=True, kw_only=True):
    """store: what domains write to. routes: of its own. duties: of every process; first_duties: of the first alone.

    reads, shadow: None without an old processor. driver: None without exports; of the first process. gate: told how
    long commits take.
    """

    store: LedgerStore
    reads: BothReads | None
    routes: tuple[Route, ...]
    duties: tuple[Duty, ...]
    first_duties: tuple[Duty, ...]
    shadow: ShadowReads | None
    driver: Driver | None
    gate: LatencyGate
    counts: RunningCounts
    looks: StandingLooks

    @property
    def seen(self) -> MigrationSeen | None:
        """What is shown as metrics; None without an old processor."""
        return None if self.shadow is None else MigrationSeen(self.counts, lambda: self.looks.last)

    def start(self, tasks: Tasks, *, is_first: bool) -> None:
        """Start what runs for ever. is_first: of the processes at one address, the one that does background work."""
        if self.shadow is not None:
            tasks.start("shadow-reads", self.shadow.run())
        if self.driver is not None and is_first:
            tasks.start("migration-jobs", self.driver.run())

    def reading(self, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        """The routes, with reads that both sides can answer answered from the side that has the word."""
        return tuple(self._of_both(route) for route in routes)

    def _of_both(self, route: Route) -> Route:
        both, reads = READ_BOTH.get(route.path), self.reads
        if both is None or reads is None or route.method != "GET":
            return route
        kind, parameter = both
        own: Handler = route.handler

        async def handler(call: Call, body: None) -> Answer | StrEnum:
            return await reads.answer(kind, call.path[parameter], await own(call, body))

        return msgspec.structs.replace(route, handler=handler)


class VaultNumbers:
    """The port Numbers over the vault: each number that leaves is on record before."""

    def __init__(self, revealing: Revealing) -> None:
        self._revealing = revealing

    async def number(self, token: str) -> Card | BankAccount | None:
        """See Numbers."""
        try:
            return await self._revealing.reveal(token, "vault_exporter", "both processors have it", ACTOR)
        except (TokenUnknown, TokenShredded):
            return None


class ExportedJobs:
    """The port Jobs over the exports of a folder. declared: runs jobs after which there is no way back."""

    def __init__(
        self, folder: Path, keys: KeySource | None, hash_key: bytes, *, runner: Runner, declared: Runner
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._hash_key = hash_key
        self._runner = runner
        self._declared = declared

    async def run(self, job: JobName, wish: JobWish) -> None:
        """See Jobs."""
        export = await Export.open(self._folder / wish.export, self._keys, self._hash_key)
        limits = Limits(batch_records=BATCH_RECORDS, records_per_second=wish.records_per_second, threads=wish.threads)
        runner = self._declared if wish.point_of_no_return else self._runner
        await runner.run(job, ExportSource(export), limits)

    async def status(self, job: JobName) -> JobStatus:
        """See Jobs."""
        return await self._runner.status(job)

    async def has_export(self, name: str) -> bool:
        """See Jobs."""
        return await asyncio.to_thread((self._folder / name / MANIFEST).is_file)


async def open_both_running(stack: AsyncExitStack, options: CoreOptions, over: Surroundings) -> BothRunning:
    """Open it. Raises OldAddressUnusable and FlagFileUnusable for an address, a key or a file that cannot be used."""
    old, signing = await _old_processor(stack, options)
    return compose(options, over, old, signing)


def compose(
    options: CoreOptions, over: Surroundings, old: OldHttp | None, signing: tuple[str, ...] = ()
) -> BothRunning:
    """Put it together. old: None where there is none. signing: the secrets that sign what it pushes."""
    store, clock, counts = over.store, over.clock, RunningCounts()
    moved = MovedRecords(store)
    links, differences = Links(store, moved), Differences(store)
    cut_over = CutOver(over.flags, over.origin)
    shadow = ShadowReads(
        store=store,
        old=Nowhere() if old is None else old,
        links=links,
        differences=differences,
        hash_key=lambda: bytes(over.vaulting.hash_keys.bodies),
        counts=counts,
        clock=clock,
        sample=options.shadow_share,
    )
    looks = StandingLooks(store=store, shadow=shadow, differences=differences, cut_over=cut_over)
    gate = LatencyGate(clock, limit_ms=SLOW_COMMIT_MS)
    runner = _runner(over, gate, frozenset())
    # While a process is replaced, two of the same environment run.
    lease = Lease(store, f"{over.origin.region}/{over.origin.environment}-{secrets.token_hex(4)}")
    jobs = _jobs(options, over, runner, gate)
    numbers = VaultNumbers(over.vaulting.revealing)
    catch_up = delivering = None
    if old is not None:
        taking = FeedTaking(
            store=store,
            events=Events(export_hash_key(over.vaulting)),
            runner=runner,
            links=links,
            numbers=numbers,
            origin=over.origin,
        )
        catch_up = CatchUp(store=store, events=old, takes=taking, lease=lease, counts=counts, clock=clock)
        delivering = OldDelivering(store=store, old=old, links=links, numbers=numbers, counts=counts)
    desk = MigrationDesk(store=store, jobs=jobs, looks=looks, cut_over=cut_over, clock=clock)
    return BothRunning(
        store=store if old is None else DualWriting(store),
        reads=None if old is None else BothReads(cut_over=cut_over, old=old, links=links, shadow=shadow, counts=counts),
        routes=migration_routes(desk, PushedEvents(catch_up, signing, clock)),
        duties=() if old is None else (Duty("migration-standing", looks, 1.0, full=FULL),),
        first_duties=_first_duties(catch_up, delivering, WalkThrough(moved, links, shadow)),
        shadow=None if old is None else shadow,
        driver=None if jobs is None else Driver(store=store, jobs=jobs, lease=lease, clock=clock),
        gate=gate,
        counts=counts,
        looks=looks,
    )


async def _old_processor(stack: AsyncExitStack, options: CoreOptions) -> tuple[OldHttp | None, tuple[str, ...]]:
    """The old processor, and the secrets that sign what it pushes."""
    if options.old_processor_url is None:
        return None, ()
    key = await asyncio.to_thread(read_secret, options.old_processor_key_file)
    secret = await asyncio.to_thread(read_secret, options.old_processor_webhook_secret_file)
    old = await stack.enter_async_context(OldHttp(options.old_processor_url, key))
    return old, (secret,) if secret else ()


def _runner(over: Surroundings, gate: LatencyGate, no_return: frozenset[JobName]) -> Runner:
    """With jobs of its own, because each holds the key of the batch under way."""
    jobs = jobs_over(over.vaulting, over.names, over.origin, over.clock, ACTOR)
    return runner_over(
        over.store, jobs, origin=over.origin, clock=over.clock, actor=ACTOR, no_return=no_return, gate=gate
    )


def _jobs(options: CoreOptions, over: Surroundings, runner: Runner, gate: LatencyGate) -> ExportedJobs | None:
    if options.migration_exports is None:
        return None
    return ExportedJobs(
        options.migration_exports,
        _keys(options),
        export_hash_key(over.vaulting),
        runner=runner,
        declared=_runner(over, gate, frozenset(JobName)),
    )


def _keys(options: CoreOptions) -> KeySource | None:
    """Where the key of encrypted exports is; None where none is named, and encrypted files cannot be read."""
    if options.migration_key_secret != "":
        url = None if options.endpoint_url is None else str(options.endpoint_url)
        return SecretsManagerKey(secret=options.migration_key_secret, region=options.region, endpoint_url=url)
    key_file = options.migration_key_file
    return None if key_file is None else FileKey(key_file, options.migration_passphrase_file)


def _first_duties(catch_up: CatchUp | None, delivering: OldDelivering | None, walk: WalkThrough) -> tuple[Duty, ...]:
    """What one process is enough for, or transactions decide who does it."""
    if catch_up is None or delivering is None:
        return ()
    return (
        Duty("old-processor-writes", delivering, 0.5),
        Duty("old-processor-events", catch_up, CATCH_UP_SECONDS, full=FULL),
        Duty("shadow-walk", walk, 1.0, full=FULL),
    )
