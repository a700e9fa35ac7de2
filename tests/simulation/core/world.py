"""The payment core as it is composed, over any store, with a rail, a bank and keys that outlive its processes."""

from collections import Counter
from collections.abc import Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, cast

import msgspec
import structlog

from checks.facts import Fact
from checks.scoring.model import Decision, Score
from config.ach import Ach
from payment_core.ach.delivery.memory import MemoryDelivery
from payment_core.acquirer.simulated import SimulatedAcquirer
from payment_core.assembly.adapters import VaultCards
from payment_core.assembly.cipher import VaultCipher
from payment_core.assembly.domains import Base, build_domains
from payment_core.assembly.scoring import SharedScorer
from payment_core.assembly.settings import CoreSettings, _load
from payment_core.assembly.vaulting import TENANT, HashKeyRing, HashKeys, Vaulting
from payment_core.fraud.scorer import FraudScorer
from payment_core.methods.encryption_health import EncryptionHealthReport
from payment_core.methods.revealing import AccountReveal, Revealing
from payment_core.methods.vault_accesses import StoredVaultAccesses
from payment_core.methods.vault_keys import StoredDataKeys
from payment_core.methods.vault_records import StoredVaultRecords
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.watch import KeyWatch
from payment_core.vault.memory import MemoryKeyService
from payment_core.vault.vault import Vault
from tests.simulation.core.bank import Bank
from tests.simulation.core.rail import CoreRail
from tests.simulation.invariants import AnyStore
from tests.simulation.no_costs import NoCosts
from tests.simulation.observing import ObservingStore
from tests.simulation.payment_world import DyingStore, Fuse, HandClock

ORIGIN = Origin("blue", "1.0.0", "us-east-1")
OPTIONS = CoreOptions(database=Path("unused.db"), rail_records="memory", rail_latency_ms=0)
FAULTS_OF_OURS = frozenset({"JournalRefused", "IllegalTransition", "ContentDamaged", "UnknownAccount"})
"""What a job may log and go on, and what must never happen."""


@cache
def settings() -> CoreSettings:
    """What is packaged, with small files, small limits, and files that are built whenever something waits."""
    loaded = _load(OPTIONS)
    tree = loaded.ach.model_dump()
    tree["hours"]["build_ahead_minutes"] = 10_080
    tree["files"]["entries_max"] = 6
    tree["payouts"] |= {
        "minimum_cents": 100,
        "daily_limit_cents": 5_000_000,
        "monthly_limit_cents": 50_000_000,
        "approval_from_cents": 20_000,
    }
    return msgspec.structs.replace(loaded, ach=Ach.model_validate(tree))


class Dying:
    """Anything whose awaits a process may die at."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        async def called(*arguments: object) -> object:
            return await self._fuse.outside(method(*arguments))

        return called


class ChosenEngine:
    """Decides as it is told, or is out. unscored: the payments that it was out for."""

    def __init__(self) -> None:
        self.decision = Decision.APPROVE
        self.is_out = False
        self.unscored: set[str] = set()

    def score(self, fact: Fact, now_ms: int) -> Score:
        if self.is_out:
            self.unscored.add(fact.subject)
            raise RuntimeError("no score")
        return Score(
            fact_id=fact.id,
            kind="chosen",
            subject=fact.subject,
            at_ms=fact.at_ms,
            now_ms=now_ms,
            value=100,
            band=self.decision,
            decision=self.decision,
        )

    def observe(self, fact: Fact, now_ms: int) -> None:
        """Nothing is learned."""


class LogWatch:
    """Every line that the product logs. wrong: those that tell of a fault of our own."""

    def __init__(self) -> None:
        self.actions: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.lines: list[bytes] = []

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, object]) -> NoReturn:
        self.actions[str(event.get("action"))] += 1
        self.lines.append(repr(event).encode())
        fault = str(event.get("fault", event.get("error", "")))
        if any(name in fault for name in FAULTS_OF_OURS):
            self.wrong.append(f"a job logged {event.get('action')}: {event!r}")
        raise structlog.DropEvent


class CoreProcess:
    """One process: its routes by method and path, its jobs by name. fuse: when it dies."""

    def __init__(self, world: "CoreWorld") -> None:
        self.fuse = Fuse()
        store = cast("LedgerStore", DyingStore(world.observed, self.fuse))
        vaulting = world.vaulting(store, self.fuse)
        world.rail.cards.reader = VaultCards(vaulting.revealing)
        domains = build_domains(
            Base(
                options=OPTIONS,
                settings=settings(),
                store=store,
                clock=world.clock,
                origin=ORIGIN,
                vaulting=vaulting,
                scorer=SharedScorer(FraudScorer(world.engine, settings().names)),
                acquirer=cast("SimulatedAcquirer", Dying(world.rail, self.fuse)),
                delivery=cast("MemoryDelivery", Dying(world.delivery, self.fuse)),
                costs=NoCosts(),
                on_attempt=lambda _outcome, _rail: None,
            )
        )
        self.handlers = {f"{route.method} {route.path}": route.handler for route in domains.routes}
        self.jobs = {duty.name: duty.job for duty in domains.duties}


class CoreWorld:
    """Everything that outlives a process, and the process that serves now."""

    def __init__(self, store: AnyStore, clock: HandClock) -> None:
        self.store = store
        self.clock = clock
        self.observed = ObservingStore(store)
        self.keys = MemoryKeyService()
        self.engine = ChosenEngine()
        self.rail = CoreRail(clock, 2 * OPTIONS.lease_ms - 1000)
        self.delivery = MemoryDelivery()
        self.bank = Bank(self.delivery)
        self.logs = LogWatch()
        self.process = CoreProcess(self)

    def new_process(self) -> CoreProcess:
        """Another process on the same store, rail, bank and keys."""
        self.process = CoreProcess(self)
        return self.process

    def vaulting(self, store: LedgerStore, fuse: Fuse) -> Vaulting:
        """The vault of one process, as the composition of the product makes it, over keys in memory."""
        watch = KeyWatch(cast("MemoryKeyService", Dying(self.keys, fuse)), self.clock, lambda *_: None)
        rows = StoredDataKeys(store)
        data_keys = DataKeyCache(tenant=TENANT, service=watch, rows=rows, clock=self.clock)
        watch.clears(data_keys)
        fingerprints = Fingerprints(tenant=TENANT, service=watch, rows=rows, cache=data_keys, clock=self.clock)
        vault = Vault(
            tenant=TENANT,
            cache=data_keys,
            fingerprints=fingerprints,
            records=StoredVaultRecords(store),
            rows=rows,
            audit=StoredVaultAccesses(store, ORIGIN),
            clock=self.clock,
        )
        revealing = Revealing(vault)
        cipher = VaultCipher(tenant=TENANT, cache=data_keys, rows=rows)
        return Vaulting(
            vault=vault,
            cache=data_keys,
            fingerprints=fingerprints,
            cipher=cipher,
            watch=watch,
            health=EncryptionHealthReport(store, ORIGIN),
            revealing=revealing,
            numbers=AccountReveal(revealing),
            hash_keys=HashKeys(*(bytearray(letter * 32) for letter in (b"e", b"a", b"b", b"r"))),
            ring=HashKeyRing(store, cipher),
        )
