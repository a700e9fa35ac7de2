"""A migration over an open store and vault: the jobs with what they need, in the core or beside it."""

import asyncio
import hmac
import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from config.delivery.deployment import Deployments
from config.load import DEFAULTS, DEPLOYMENT_FILE
from config.loading.loader import load_yaml
from payment_core.assembly.existing import PRODUCER, existing_table
from payment_core.assembly.settings import load_settings
from payment_core.assembly.vaulting import TENANT, Vaulting, open_vaulting
from payment_core.audit.signing import Ed25519Signer, Signer
from payment_core.clock import Clock, SystemClock
from payment_core.migration.dry_running.dry_run import DryRun, dry_run_of
from payment_core.migration.engine.pace import Gate, LatencyGate
from payment_core.migration.engine.runner import Runner
from payment_core.migration.export.export import Export
from payment_core.migration.export.opening.keys import KeySource
from payment_core.migration.jobs.audit_trail import AuditTrail
from payment_core.migration.jobs.bank_accounts import BankAccounts
from payment_core.migration.jobs.customers import Customers
from payment_core.migration.jobs.history.transactions import TransactionHistory
from payment_core.migration.jobs.payment_methods import PaymentMethods
from payment_core.migration.jobs.port import Job
from payment_core.migration.jobs.provider_bank_accounts import ProviderBankAccounts
from payment_core.migration.jobs.providers import Providers
from payment_core.migration.jobs.sealing import NumberSealing
from payment_core.migration.model import ACTOR_PREFIX
from payment_core.migration.names import JobName
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.providers.screening import NameScreen
from payment_core.registry import core_registry
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.port import LedgerStore
from payment_core.store.sqlite.store import SqliteStore

THREADS = 2
"""That seal one batch: as many as the smallest machine has cores."""

COMMIT_MS_MAX = 250.0
"""A commit of a batch that takes longer held payments up for as long: then others have the file for a while."""


class Migration(msgspec.Struct, frozen=True):
    """A migration beside a core. no_return: the jobs that are declared to have a point of no return."""

    store: SqliteStore | DynamoStore
    runner: Runner
    jobs: Mapping[JobName, Job]
    signer: Signer
    hash_key: bytes
    clock: Clock
    origin: Origin
    actor: str
    no_return: frozenset[JobName]

    def dry_run(self) -> AbstractAsyncContextManager[DryRun]:
        """A dry run over what the store holds."""
        return dry_run_of(self.runner, self.store, core_registry(), self.clock)

    async def export(self, directory: Path, keys: KeySource | None = None) -> Export:
        """An export, its hashes keyed as in each run before. Raises ManifestUnusable."""
        return await Export.open(directory, keys, self.hash_key)


def jobs_over(vaulting: Vaulting, names: NameScreen, origin: Origin, clock: Clock, actor: str) -> dict[JobName, Job]:
    """Every job. names: the list that providers are screened against."""
    sealing = {
        name: NumberSealing(
            tenant=TENANT, cache=vaulting.cache, fingerprints=vaulting.fingerprints, clock=clock, threads=THREADS
        )
        for name in (JobName.PAYMENT_METHODS, JobName.PROVIDER_BANK_ACCOUNTS)
    }
    return {
        JobName.CUSTOMERS: Customers(origin),
        JobName.PAYMENT_METHODS: PaymentMethods(sealing[JobName.PAYMENT_METHODS], origin, actor),
        JobName.PROVIDER_BANK_ACCOUNTS: ProviderBankAccounts(
            sealing[JobName.PROVIDER_BANK_ACCOUNTS], Providers(names, origin), BankAccounts(origin, actor), clock
        ),
        JobName.TRANSACTION_HISTORY: TransactionHistory(),
        JobName.AUDIT_TRAIL: AuditTrail(),
    }


def runner_over(
    store: LedgerStore,
    jobs: Mapping[JobName, Job],
    *,
    origin: Origin,
    clock: Clock,
    actor: str,
    no_return: frozenset[JobName] = frozenset(),
    gate: Gate | None = None,
) -> Runner:
    """A runner of this process's own name. gate: says whether payments can bear it; None where nobody pays."""
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    return Runner(
        store=store, jobs=jobs, origin=origin, clock=clock, runner=name, no_return=no_return, gate=gate, actor=actor
    )


def export_hash_key(vaulting: Vaulting) -> bytes:
    """What hashes of records with numbers are keyed with: made from a key that every process of the core shares."""
    return hmac.digest(bytes(vaulting.hash_keys.bodies), b"migration export", "sha256")


def declared_no_return(directory: Path | None) -> frozenset[JobName]:
    """The jobs that deployment.yaml declares to have a point of no return. Raises ConfigurationError. Blocks."""
    own = None if directory is None else directory / DEPLOYMENT_FILE
    path = own if own is not None and own.is_file() else DEFAULTS / DEPLOYMENT_FILE
    declared = load_yaml(path, Deployments).value.phases.data_migration.jobs
    known = frozenset(JobName)
    return frozenset(JobName(job.name) for job in declared if job.point_of_no_return and job.name in known)


@asynccontextmanager
async def migration_beside(options: CoreOptions, *, person: str) -> AsyncIterator[Migration]:
    """A migration over the store that the options name; neither a file nor a table is made.

    person: who does it, as it goes on record. Raises DatabaseUnusable, LayoutMismatch, KeyFileUnusable,
    ConfigurationError, ScreeningListUnusable and, when a table does not answer, StoreBusy.
    """
    clock = SystemClock()
    origin = Origin(PRODUCER, options.version, options.region)
    actor = f"{ACTOR_PREFIX}{person}"
    async with AsyncExitStack() as stack:
        settings = await load_settings(options)
        no_return = await asyncio.to_thread(declared_no_return, options.config)
        gate = LatencyGate(clock, limit_ms=COMMIT_MS_MAX)
        store = await _existing(stack, options, clock, gate)
        vaulting = await open_vaulting(stack, options, store, origin, clock)
        jobs = jobs_over(vaulting, settings.names, origin, clock, actor)
        yield Migration(
            store=store,
            runner=runner_over(store, jobs, origin=origin, clock=clock, actor=actor, no_return=no_return, gate=gate),
            jobs=jobs,
            signer=Ed25519Signer(bytes(vaulting.hash_keys.roots)),
            hash_key=export_hash_key(vaulting),
            clock=clock,
            origin=origin,
            actor=actor,
            no_return=no_return,
        )


async def _existing(
    stack: AsyncExitStack, options: CoreOptions, clock: Clock, gate: LatencyGate
) -> SqliteStore | DynamoStore:
    if options.store == "dynamodb":
        return await stack.enter_async_context(existing_table(options, clock))
    store = SqliteStore(
        path=options.database,
        registry=core_registry(),
        producer=PRODUCER,
        clock=clock,
        on_commit=lambda _published, _writes, commit_ms: gate.took(commit_ms),
    )
    await store.open()
    stack.push_async_callback(store.close)
    return store
