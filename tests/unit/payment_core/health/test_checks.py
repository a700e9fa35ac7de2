"""Each self-check is healthy when its part works, and says what is wrong when it does not."""

import msgspec
import pytest

from checks.facts import Fact
from checks.scoring.compile import compile_fraud
from checks.scoring.engine import ScoringEngine
from checks.scoring.model import Decision, Score
from config.ach import Ach
from config.fraud import Fraud, Screening
from config.load import ACH_FILE, DEFAULTS, FRAUD_FILE
from config.loading.loader import load_yaml
from payment_core.ach.errors import FieldInvalid
from payment_core.escrow.model import Escrow, EscrowTimer
from payment_core.fraud.scorer import FraudCounts
from payment_core.fraud.screening import Screener
from payment_core.health.ach import AchCheck
from payment_core.health.checking import Checked, SelfChecks
from payment_core.health.encryption import EncryptionCheck
from payment_core.health.escrows import OVERDUE_MS, EscrowCheck
from payment_core.health.fraud import FraudCheck
from payment_core.ledger.accounts import ESCROW_HELD, PLATFORM_FEE
from payment_core.ledger.journals import Journal, Move
from payment_core.operations.call import Call
from payment_core.store.port import Transaction
from payment_core.vault.keys.port import Context, KeyState, WrappedKey
from payment_core.vault.memory import MemoryKeyService
from tests.unit.payment_core.escrow.escrow_world import EscrowWorld
from tests.unit.payment_core.http.api_world import ORIGIN, HandClock

CALL = Call(actor="key:daemon", instance="/v1/health/x")
NAMES = Screener((), Screening())
ACH = load_yaml(DEFAULTS / ACH_FILE, Ach).value


def default_engine() -> ScoringEngine:
    return ScoringEngine(compile_fraud(load_yaml(DEFAULTS / FRAUD_FILE, Fraud)))


class Scripted:
    """An engine whose score is changed, or that takes long."""

    def __init__(self, clock: HandClock, took_ms: int = 0, **changes: object) -> None:
        self._engine = default_engine()
        self._clock = clock
        self._took_ms = took_ms
        self._changes = changes

    def assess(self, fact: Fact, now_ms: int) -> Score:
        """See Assessor."""
        self._clock.ms += self._took_ms
        return msgspec.structs.replace(self._engine.assess(fact, now_ms), **self._changes)


async def test_a_blameless_request_is_scored_and_counted_nowhere() -> None:
    engine, counts = default_engine(), FraudCounts()
    checked = await FraudCheck(engine, NAMES, counts, HandClock())(CALL)
    assert (checked.status, checked.findings) == ("healthy", ())
    assert "scored 0 by 3" in checked.detail
    assert (engine.scored, engine.late, dict(counts.decisions)) == (0, 0, {})


@pytest.mark.parametrize(
    ("changes", "took_ms", "status", "words"),
    [
        ({"value": 1001}, 0, "unhealthy", "is no score"),
        ({"version": ""}, 0, "unhealthy", "is no score"),
        ({"rules": ()}, 0, "unhealthy", "is no score"),
        ({"decision": Decision.BLOCK}, 0, "degraded", "decided block"),
        ({}, 60, "degraded", "takes 60 ms"),
    ],
)
async def test_a_score_that_is_none_or_late_is_told(
    changes: dict[str, object], took_ms: int, status: str, words: str
) -> None:
    clock = HandClock()
    checked = await FraudCheck(Scripted(clock, took_ms, **changes), NAMES, FraudCounts(), clock)(CALL)
    assert checked.status == status
    assert words in checked.detail


async def test_requests_that_could_not_be_scored_are_told_once() -> None:
    counts = FraudCounts()
    check = FraudCheck(default_engine(), NAMES, counts, HandClock())
    counts.unavailable = 3
    checked = await check(CALL)
    assert (checked.status, checked.detail.startswith("3 requests")) == ("unhealthy", True)
    assert (await check(CALL)).status == "healthy"


async def test_a_file_of_one_batch_is_built_with_the_banks_terms_and_kept_nowhere() -> None:
    checked = await AchCheck(ACH, HandClock())(CALL)
    assert checked.status == "healthy", checked
    assert "effective" in checked.detail


def empty(ach: Ach, now_ms: int) -> bytes:
    """No file at all."""
    del ach, now_ms
    return b""


def refused(ach: Ach, now_ms: int) -> bytes:
    """Terms that no file can be built with."""
    del ach, now_ms
    raise FieldInvalid("company_name is too long")


@pytest.mark.parametrize("build", [empty, refused])
async def test_a_file_that_is_not_valid_or_cannot_be_built_is_unhealthy(build: object) -> None:
    checks = SelfChecks({"ach": AchCheck(ACH, HandClock(), build)}, ORIGIN, HandClock())  # type: ignore[arg-type]  # a builder
    assert (await checks.check("ach", CALL)).status == "unhealthy"


async def funded(world: EscrowWorld) -> Escrow:
    await world.add_provider()
    await world.add_payment()
    return await world.create()


async def look(world: EscrowWorld) -> Checked:
    return await EscrowCheck(world.store, world.store)(CALL)


async def test_escrows_that_hold_what_the_ledger_says_are_healthy() -> None:
    world = EscrowWorld()
    await funded(world)
    checked = await look(world)
    assert (checked.status, checked.detail) == ("healthy", "1 escrows hold 50000 cents, as the ledger says")


async def test_money_that_an_escrow_has_and_does_not_say_is_found() -> None:
    world = EscrowWorld()
    escrow = await funded(world)

    def steal(transaction: Transaction) -> None:
        move = Move(ESCROW_HELD.of(escrow.id), PLATFORM_FEE.name, 1)
        assert transaction.post(Journal(id="x", recipe="x", reference=escrow.id, moves=(move,))) is None

    await world.store.transact(steal, "test")
    checked = await look(world)
    assert checked.status == "unhealthy"
    assert checked.findings == (f"escrow {escrow.id} says 50000 cents, its account holds 49999 cents",)


async def test_money_of_an_escrow_that_does_not_exist_is_found() -> None:
    world = EscrowWorld()
    await funded(world)

    def invent(transaction: Transaction) -> None:
        move = Move("rail_clearing", ESCROW_HELD.of("esc_ghost"), 7)
        assert transaction.post(Journal(id="x", recipe="x", reference="y", moves=(move,))) is None

    await world.store.transact(invent, "test")
    assert (await look(world)).findings == ("escrow esc_ghost does not exist, its account holds 7 cents",)


async def test_a_timer_that_the_sweep_has_not_looked_at_is_stuck() -> None:
    world = EscrowWorld()
    escrow = await funded(world)
    now_ms = world.clock.now_ms()
    await world.store.transact(lambda tx: tx.put(EscrowTimer(id=escrow.id, at_ms=now_ms)), "test")
    world.clock.at_ms += OVERDUE_MS - 1
    assert (await look(world)).status == "healthy"
    world.clock.at_ms += 1
    checked = await look(world)
    assert (checked.status, checked.detail) == ("unhealthy", f"the timer of {escrow.id} is 60 s overdue")


class OtherKey(MemoryKeyService):
    """Decrypts to something else."""

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """Another key."""
        return bytearray(reversed(await super().decrypt(wrapped, context)))


class SlowKeys(MemoryKeyService):
    """Takes its time by the clock."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock

    async def state(self) -> KeyState:
        """After a while."""
        self._clock.ms += 1_500
        return await super().state()


async def test_a_data_key_goes_round_through_the_key_service() -> None:
    service = MemoryKeyService()
    checked = await EncryptionCheck(service, HandClock())(CALL)
    assert (checked.status, service.made, service.opened) == ("healthy", 1, 1)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (KeyState.DISABLED, "unhealthy"),
        (KeyState.PENDING_DELETION, "unhealthy"),
        (KeyState.MISSING, "unhealthy"),
        (KeyState.ACCESS_DENIED, "unhealthy"),
        (KeyState.UNAVAILABLE, "degraded"),
    ],
)
async def test_a_key_that_may_not_be_used_is_unhealthy_and_an_outage_degraded(state: KeyState, status: str) -> None:
    service = MemoryKeyService()
    service.set_state(state)
    assert (await EncryptionCheck(service, HandClock())(CALL)).status == status


async def test_a_key_that_comes_back_as_another_is_unhealthy() -> None:
    checked = await EncryptionCheck(OtherKey(), HandClock())(CALL)
    assert (checked.status, checked.detail) == ("unhealthy", "the data key does not decrypt as it was made")


async def test_a_slow_key_service_is_degraded() -> None:
    clock = HandClock()
    checked = await EncryptionCheck(SlowKeys(clock), clock)(CALL)
    assert (checked.status, "1500 ms" in checked.detail) == ("degraded", True)
