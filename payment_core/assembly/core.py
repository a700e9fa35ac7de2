"""One process of the payment core: opens its parts in order, and stops them in the opposite order."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_hex

import msgspec
import structlog

from checks.scoring.engine import ScoringEngine
from payment_core.acquirer.simulated import SimulatedAcquirer
from payment_core.assembly.adapters import VaultCards
from payment_core.assembly.both_running import BothRunning, Surroundings, open_both_running
from payment_core.assembly.delivering import open_delivery
from payment_core.assembly.domains import Base, build_domains
from payment_core.assembly.flagging import Flagging, open_flagging, start_listening
from payment_core.assembly.scoring import OutboxFollower, SharedScorer, new_scorer, rebuild
from payment_core.assembly.self_checks import self_check_routes
from payment_core.assembly.settings import CoreSettings, load_settings
from payment_core.assembly.stock_taking import StockTaking
from payment_core.assembly.stores import OpenStore, open_store
from payment_core.assembly.vaulting import Vaulting, open_vaulting
from payment_core.audit.background import EVERY_SECONDS as AUDIT_SECONDS
from payment_core.audit.background import AuditVerification
from payment_core.audit.folder import FolderRoots
from payment_core.audit.roots import DailyRoot, RootArchive
from payment_core.audit.signing import Ed25519Checker, Ed25519Signer
from payment_core.aws.s3 import S3Roots
from payment_core.aws.sqs import SqsQueue
from payment_core.clock import SystemClock
from payment_core.costs.meter import CostMeter, Usage
from payment_core.flags.arriving.polling import POLL_SECONDS
from payment_core.fraud.rule_sets import keep_rules
from payment_core.fraud.runtime_lists import RuntimeLists
from payment_core.fraud.scorer import FraudScorer
from payment_core.http.app import Application, build_app
from payment_core.http.routes import Route
from payment_core.http.tables.events import event_routes
from payment_core.http.tables.flags import flag_routes
from payment_core.http.tables.keys import key_routes
from payment_core.http.tables.ledger import ledger_routes
from payment_core.http.tables.service import service_routes
from payment_core.http.tables.webhooks import webhook_routes
from payment_core.jobs import Duty, Rota
from payment_core.keys.admin import ensure_admin_key
from payment_core.keys.authenticator import Authenticator
from payment_core.keys.issuing import Keys
from payment_core.ledger.expiry import HoldExpiry
from payment_core.ledger.sweep import LedgerSweep
from payment_core.ledger.trial_balance import TrialBalances
from payment_core.ledger.verify import LedgerVerifier
from payment_core.metrics.counts import Counts
from payment_core.metrics.domain_counts import Stock
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.payments.desk import Desk
from payment_core.relay import Relay
from payment_core.tasks import Tasks
from payment_core.webhooks.delivering import WebhookDelivering
from payment_core.webhooks.endpoints import Endpoints
from payment_core.webhooks.fanout import WebhookFanout
from payment_core.webhooks.sending import HttpSender

log = structlog.get_logger()

LIST_CHANGES_MAX = 1_000_000
"""One look takes over every change, so it is never followed by another at once."""

FLUSH_SECONDS = 3.0
"""The last events get this long; what remains another process sends."""


class Core:
    """The parts of one process, open between start and stop; also usable without a socket, in tests."""

    def __init__(self, options: CoreOptions, on_death: Callable[[str], None]) -> None:
        self._options = options
        self._clock = SystemClock()
        self._origin = Origin(options.environment, options.version, options.region)
        self._tasks = Tasks(on_death)
        self._stack = AsyncExitStack()
        self._relay: Relay | None = None
        self._ledger: LedgerVerifier | None = None
        self.counts = Counts()
        self.stopping = asyncio.Event()
        self.rota = Rota((), self._clock)
        self._flagging: Flagging | None = None
        self._both: BothRunning | None = None

    @property
    def flagging(self) -> Flagging:
        """The flags and the ways by which they change; raises LookupError before the start."""
        if self._flagging is None:
            raise LookupError("the core is not started")
        return self._flagging

    @property
    def tasks(self) -> Tasks:
        """What runs in the background."""
        return self._tasks

    async def start(self) -> Application:
        """Open everything and start what runs in the background.

        Raises DatabaseUnusable, AdminKeyUnusable, KeyFileUnusable, SshFileUnusable, FlagFileUnusable,
        OldAddressUnusable, ScreeningListUnusable and ConfigurationError.
        """
        options = self._options
        settings = await load_settings(options)
        flagging = await open_flagging(self._stack, options, settings.flag_document, self._origin, self._clock)
        opened = await open_store(self._stack, options, self._clock, self._committed)
        vaulting = await open_vaulting(self._stack, options, opened.store, self._origin, self._clock)
        scorer, engine = new_scorer(settings.fraud, settings.names)
        place = await rebuild(engine, opened.store, opened.recent, self._clock.now_ms())
        await keep_rules(opened.store, settings.fraud.value, engine.version)
        lists = RuntimeLists(opened.store, engine.lists)
        await lists.run_once(self._clock.now_ms())
        shared = SharedScorer(scorer, flagging.flags)
        acquirer = await self._open_rail(vaulting)
        both = self._both = await self._open_both(opened, vaulting, settings, flagging)
        domains = build_domains(
            Base(
                options=options,
                settings=settings,
                store=both.store,
                clock=self._clock,
                origin=self._origin,
                vaulting=vaulting,
                scorer=shared,
                acquirer=acquirer,
                delivery=await open_delivery(self._stack, options),
                costs=CostMeter(settings.prices, lambda: self._usage(opened, vaulting), self._clock.now_ms()),
                on_attempt=self.counts.attempted,
                flags=flagging.flags,
            )
        )
        if options.queue != "":
            await self._start_relay(opened)
        health = self._self_checks(opened, vaulting, settings, (scorer, engine), domains.desk, acquirer)
        routes = (*both.reading(domains.routes), *both.routes, *health)
        app = await self._application(opened, vaulting, (*routes, *flag_routes(flagging.flags, flagging.reporting)))
        self._tasks.start("watch-key", vaulting.watch.look_forever(vaulting.health.seen))
        follower = OutboxFollower(opened.store, shared, lists, place)
        duties: tuple[Duty, ...] = (
            Duty("fraud-follower", follower, 0.25, full=1000),
            Duty("fraud-lists", lists, 60.0, full=LIST_CHANGES_MAX),
            *both.duties,
        )
        self._flagging = flagging
        if flagging.polling is not None:
            duties = (*duties, Duty("flags", flagging.polling, POLL_SECONDS))
        await start_listening(flagging, options, self._tasks)
        if options.worker == 0:
            duties = (*duties, *domains.duties, *await self._upkeep(opened, vaulting), *both.first_duties)
        both.start(self._tasks, is_first=options.worker == 0)
        self.rota = Rota(duties, self._clock)
        counted = self.counts.domains
        counted.fraud, counted.windows, counted.lists = scorer.counts, engine, engine.lists
        counted.flags, counted.migration = flagging.flags, both.seen
        counted.vault, counted.keys, counted.jobs = vaulting.vault.counts, vaulting.cache.counts, self.rota.counts
        self.rota.start(self._tasks)
        return app

    async def stop(self) -> None:
        """Stop the background work, send the last events in bounded time, close queue, rail and store."""
        await self._tasks.stop()
        if self._relay is not None:
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._relay.relay_own()
            except Exception as error:  # noqa: BLE001 - another process sends what stays in the outbox
                log.warning("events stay in the outbox", action="flush_failed", fault=str(error))
        await self._stack.aclose()

    def _self_checks(
        self,
        opened: OpenStore,
        vaulting: Vaulting,
        settings: CoreSettings,
        scoring: tuple[FraudScorer, ScoringEngine],
        desk: Desk,
        rail: SimulatedAcquirer,
    ) -> tuple[Route, ...]:
        scorer, engine = scoring
        return self_check_routes(
            options=self._options,
            settings=settings,
            opened=opened,
            vaulting=vaulting,
            engine=engine,
            fraud=scorer.counts,
            desk=desk,
            rail=rail,
            origin=self._origin,
            clock=self._clock,
        )

    async def _open_both(
        self, opened: OpenStore, vaulting: Vaulting, settings: CoreSettings, flagging: Flagging
    ) -> BothRunning:
        """What leaves another processor beside payments; nearly nothing without options for it."""
        over = Surroundings(
            store=opened.store,
            vaulting=vaulting,
            names=settings.names,
            flags=flagging.flags,
            origin=self._origin,
            clock=self._clock,
        )
        return await open_both_running(self._stack, self._options, over)

    async def _open_rail(self, vaulting: Vaulting) -> SimulatedAcquirer:
        options = self._options
        acquirer = SimulatedAcquirer(
            path=options.rail_database,
            clock=self._clock,
            latency_ms=options.rail_latency_ms,
            seed=options.seed,
            cards=VaultCards(vaulting.revealing),
        )
        await acquirer.open()
        self._stack.push_async_callback(acquirer.close)
        return acquirer

    async def _application(self, opened: OpenStore, vaulting: Vaulting, domains: tuple[Route, ...]) -> Application:
        """The application over the routes of every domain, and over those of the core itself."""
        store, origin, options = opened.store, self._origin, self._options
        digest = options.admin_key_sha256
        if digest == "":
            admin_key = await asyncio.to_thread(ensure_admin_key, options.admin_key_file)
            digest = hashlib.sha256(admin_key.encode()).hexdigest()
        authenticator = Authenticator(keys=store, clock=self._clock, admin_hashes=frozenset({digest}))
        endpoints = Endpoints(store=store, seal=vaulting.cipher, origin=origin, clock=self._clock)
        routes: tuple[Route, ...] = (
            *domains,
            *event_routes(store, opened.place_pattern),
            *ledger_routes(
                store=store,
                books=store,
                verifier=self._verifier(opened),
                trial_balances=TrialBalances(store, self._clock),
                place_pattern=opened.journal_pattern,
            ),
            *webhook_routes(store, endpoints),
            *service_routes(
                store=store,
                origin=origin,
                counts=self.counts,
                stopping=self.stopping,
                unsent=opened.count_unsent,
            ),
        )
        scopes = frozenset({route.scope for route in routes} | {"keys:read", "keys:write"})
        keys = Keys(store=store, origin=origin, known_scopes=scopes, on_change=authenticator.forget)
        return build_app(
            (*routes, *key_routes(store, keys)),
            authenticator=authenticator,
            counts=self.counts,
            clock=self._clock,
            version=options.version,
            card_hash_key=vaulting.hash_keys.bodies,
        )

    async def _upkeep(self, opened: OpenStore, vaulting: Vaulting) -> tuple[Duty, ...]:
        """The background work that belongs to no domain, such as webhooks and the daily root of the audit trail."""
        store = opened.store
        sender = await self._stack.enter_async_context(HttpSender())
        delivering = WebhookDelivering(
            store=store,
            seal=vaulting.cipher,
            sender=sender,
            origin=self._origin,
            clock=self._clock,
            on_outcome=self.counts.webhook_delivered,
        )
        roots, signer = await self._roots(), await self._signer(vaulting)
        return (
            Duty("webhook-fanout", WebhookFanout(store=store, outbox=store), 1.0, full=1000),
            Duty("webhook-delivery", delivering, 1.0),
            Duty("audit-root", DailyRoot(store, roots, signer), 300.0),
            Duty("audit-verification", self._verification(opened, roots, signer), AUDIT_SECONDS),
            Duty("hold-expiry", HoldExpiry(store), 5.0),
            Duty("ledger-sweep", LedgerSweep(self._verifier(opened), self._clock.now_ms()), 60.0),
            Duty("stock", StockTaking(store, self._took_stock), 15.0),
        )

    def _verification(self, opened: OpenStore, roots: RootArchive, signer: Ed25519Signer) -> AuditVerification:
        """Of the trail, by the first of all processes on this store that takes it on."""
        return AuditVerification(
            store=opened.store,
            archive=roots,
            checker=Ed25519Checker(signer.public_key),
            clock=self._clock,
            name=f"{self._origin.environment}-{token_hex(4)}",
            every_ms=self._options.audit_every_ms,
            share=self._options.audit_share,
        )

    def _verifier(self, opened: OpenStore) -> LedgerVerifier:
        """One for the routes and the sweep, so that what the sweep finds is told."""
        if self._ledger is None:
            self._ledger = LedgerVerifier(opened.store, opened.store)
        return self._ledger

    async def _signer(self, vaulting: Vaulting) -> Ed25519Signer:
        """Signs roots; the public key is written beside the database, to be kept elsewhere by whoever checks."""
        signer = Ed25519Signer(bytes(vaulting.hash_keys.roots))
        path = self._options.beside("audit-key.pub")
        await asyncio.to_thread(path.write_text, f"{signer.public_key.hex()}\n", encoding="ascii")
        return signer

    async def _roots(self) -> RootArchive:
        options = self._options
        if options.audit_bucket == "":
            return FolderRoots(options.beside("audit-roots"))
        roots = S3Roots(
            bucket=options.audit_bucket, region=options.region, endpoint_url=options.endpoint_url, clock=self._clock
        )
        return await self._stack.enter_async_context(roots)

    async def _start_relay(self, opened: OpenStore) -> None:
        options = self._options
        queue = await self._stack.enter_async_context(
            SqsQueue(
                name=options.queue,
                region=options.queue_region if options.queue_region else options.region,
                endpoint_url=options.endpoint_url,
            )
        )
        self._relay = Relay(
            outbox=opened.store, queue=queue, producer=options.producer, clock=self._clock, counts=self.counts
        )
        self._tasks.start("relay-events", self._relay.run())

    def _usage(self, opened: OpenStore, vaulting: Vaulting) -> Usage:
        """What this process used since it started."""
        keys, capacity = vaulting.cache.counts, opened.capacity
        return Usage(
            payments=sum(self.counts.payments.values()),
            kms_requests=keys.made + keys.opened,
            dynamodb_write_units=capacity.write_units,
            dynamodb_read_units=-(-capacity.read_half_units // 2),
            queue_requests=self.counts.relay_calls,
            compute_ms=self._clock.process_ms(),
        )

    def _took_stock(self, stock: Stock) -> None:
        self.counts.domains.stock = stock

    def _committed(self, published: int, writes: int, commit_ms: float) -> None:
        self.counts.commits.observe(commit_ms / 1000)
        if self._both is not None:
            self._both.gate.took(commit_ms)
        self.counts.commit_writes += writes
        if published > 0:
            self.counts.events_published += published
            if self._relay is not None:
                self._relay.wake()


@asynccontextmanager
async def running_core(
    options: CoreOptions, on_death: Callable[[str], None]
) -> AsyncIterator[tuple[Core, Application]]:
    """A started core and its application; stopped at the end."""
    core = Core(options, on_death)
    try:
        yield core, await core.start()
    finally:
        await core.stop()


class Listening(msgspec.Struct, frozen=True):
    """The line that is printed when payments are taken."""

    listening: str
    environment: str
    version: str
    database: str
