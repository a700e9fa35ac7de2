"""A migration over each kind of store, with the real vault over keys in a file."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from payment_core.assembly.migrating import jobs_over
from payment_core.assembly.vaulting import open_vaulting
from payment_core.customers.model import Customer
from payment_core.fraud.screening import Screened, ScreeningAnswer
from payment_core.methods.model import PaymentMethod, VaultRow
from payment_core.migration.dry_running.dry_run import DryRun, dry_run_of
from payment_core.migration.engine.runner import Runner
from payment_core.migration.engine.source import Source
from payment_core.migration.jobs.port import Job
from payment_core.migration.limits import Limits
from payment_core.migration.model import Historical, Moved, Opened, Quarantined, SealedOnce, TrailPage
from payment_core.migration.names import JobName
from payment_core.migration.reconciling.model import Reconciliation
from payment_core.migration.reconciling.whole import Reconciling
from payment_core.migration.status import JobStatus
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.providers.model import BankAccount, Provider, TokenLink
from payment_core.registry import core_registry
from payment_core.store.dynamodb.layout import Layout
from payment_core.store.dynamodb.retry import Patience
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.memory import MemoryStore
from payment_core.store.records import Listing, Record, kind_of
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.walking import every, every_account
from tests.contract.store.store_worlds import AnyStore, HandClock, Pauses, new_table

ORIGIN = Origin("test", "1.0.0", "us-east-1")
ACTOR = "migration:test"
_RUNNERS = itertools.count(1)


class Names:
    """Screens against one name."""

    def screen(self, name: str) -> Screened:
        """Whether it is that."""
        listed = name == "Listed Person"
        return Screened(ScreeningAnswer.MATCH if listed else ScreeningAnswer.NO_MATCH, 100 if listed else 0)


@dataclass
class World:
    """A store with the jobs over it. limits: small batches, so that there are several."""

    name: str
    store: AnyStore
    jobs: Mapping[JobName, Job]
    clock: HandClock
    limits: Limits

    def runner(self, store: AnyStore | None = None, no_return: frozenset[JobName] = frozenset()) -> Runner:
        """Another runner, as in another process."""
        return Runner(
            store=self.store if store is None else store,
            jobs=self.jobs,
            origin=ORIGIN,
            clock=self.clock,
            runner=f"runner-{next(_RUNNERS)}",
            no_return=no_return,
            sleep=Pauses(self.clock),
            actor=ACTOR,
        )


@asynccontextmanager
async def migration_world(name: str, folder: Path, url: str = "") -> AsyncIterator[World]:
    """The world of this name: memory, sqlite, moto or ministack."""
    clock = HandClock()
    async with AsyncExitStack() as stack:
        store: AnyStore
        if name == "memory":
            store = MemoryStore(registry=core_registry(), producer="test", clock=clock)
        elif name == "sqlite":
            sqlite = SqliteStore(path=folder / "payments.db", registry=core_registry(), producer="test", clock=clock)
            await sqlite.open()
            stack.push_async_callback(sqlite.close)
            store = sqlite
        else:
            table = await stack.enter_async_context(new_table(url))
            layout = Layout(audit_shards=3, hot_shards=3, index_shards=2, account_partitions=2)
            patience = Patience(clock=clock, sleep=Pauses(clock), chance=lambda: 0.5, deadline_ms=600_000)
            dynamo = DynamoStore(
                table=table, registry=core_registry(), producer="test", clock=clock, layout=layout, patience=patience
            )
            await dynamo.open()
            store = dynamo
        options = CoreOptions(database=folder / "payments.db")
        vaulting = await open_vaulting(stack, options, store, ORIGIN, clock)
        yield World(name, store, jobs_over(vaulting, Names(), ORIGIN, clock, ACTOR), clock, Limits(batch_records=4))


@asynccontextmanager
async def dry_run(world: World) -> AsyncIterator[DryRun]:
    """A dry run over what the world's store holds."""
    async with dry_run_of(world.runner(), world.store, core_registry(), world.clock) as made:
        yield made


OBJECTS: tuple[type[Record], ...] = (
    Customer,
    PaymentMethod,
    VaultRow,
    Provider,
    BankAccount,
    TokenLink,
    Moved,
    Historical,
    Opened,
    SealedOnce,
    TrailPage,
    Quarantined,
)
"""What a migration leaves behind, beside the record of itself."""


async def contents(store: AnyStore) -> dict[str, object]:
    """Everything that was moved, by kind and id, with the balances."""
    found: dict[str, object] = {}
    for record_type in OBJECTS:
        async for one in every(store, Listing(record_type)):
            found[f"{kind_of(record_type)} {one.id}"] = one
    async for row in every_account(store):
        found[f"account {row.account_id} {row.currency}"] = row.balances
    return found


def meaning(found: dict[str, object]) -> dict[str, object]:
    """The same without what is random or of the clock: tokens, ids of ours, ciphertext and times."""
    kept: dict[str, object] = {}
    for name, one in found.items():
        if isinstance(one, Moved):
            kept[name] = (one.content, one.occurred_at_ms, one.position, one.kept, one.undone_at_ms > 0)
        elif isinstance(one, Historical):
            kept[name] = (one.body, one.amount, one.currency, one.undone_at_ms > 0)
        elif isinstance(one, Quarantined):
            kept[name] = (one.reason, one.detail, one.amount, one.resolved_at_ms > 0)
        elif name.startswith("account "):
            kept[name] = one
    methods = [one for one in found.values() if isinstance(one, PaymentMethod)]
    kept["cards"] = sorted((one.customer_id, one.fingerprint, one.last4, one.expiry_year) for one in methods)
    entries = [entry for one in found.values() if isinstance(one, TrailPage) for entry in one.entries]
    kept["trail"] = sorted((entry.kind.value, entry.id, entry.origin, entry.source_hash) for entry in entries)
    return kept


async def run_all(world: World, source: Source, runner: Runner | None = None) -> list[JobStatus]:
    """Every job in its order."""
    by = world.runner() if runner is None else runner
    return [await by.run(job, source, world.limits) for job in JobName]


async def reconciled(world: World, source: Source) -> Reconciliation:
    """Export and store compared from both ends."""
    reconciling = Reconciling(store=world.store, books=world.store, jobs=world.jobs, clock=world.clock, actor=ACTOR)
    return await reconciling.reconcile(source, lambda _kind, _records: None)


async def dry_runs(world: World, source: Source) -> list[JobStatus]:
    """Every job in its order, dry."""
    async with dry_run(world) as dry:
        return [await dry.run(job, source, world.limits) for job in JobName]
