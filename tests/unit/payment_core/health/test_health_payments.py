"""A health payment goes the whole way of a payment and counts in nothing."""

from typing import Any

import msgspec
import pytest

from checks.facts import AnyFact, ObjectChanged
from payment_core.answers import Answer
from payment_core.health.payments import OWNER, HealthPayments, TakeHealthPayment
from payment_core.operations.once import OnceRefusal
from payment_core.payments.model import Payment
from payment_core.payments.rail.carrying import FaultProfile
from payment_core.payments.refusals import PaymentRefusal
from payment_core.store.records import Listing
from tests.simulation.payment_world import ORIGIN, TERMS, DyingStore, ProcessDied, World, call_of, memory_world
from tests.unit.payment_core.payments.asking import all_is_well, capture, control, paid, plain

BODY = TakeHealthPayment()


@pytest.fixture
def world() -> World:
    """A payment core in memory."""
    return memory_world()


async def take(world: World, key: str = "h1") -> Any:  # noqa: ANN401  # what the desk answers
    """Take one."""
    payments = HealthPayments(DyingStore(world.store, world.process.fuse), world.process.desk, ORIGIN)
    return await payments.take(call_of(key, BODY), BODY)


async def health_payments(world: World) -> list[Payment]:
    return await world.store.query(Listing(Payment, owner=OWNER))


async def facts(world: World) -> list[AnyFact]:
    rows = await world.store.events("", 1000)
    return [msgspec.json.decode(row.body, type=AnyFact) for row in rows]


async def test_a_dollar_is_authorized_and_voided_at_the_rail(world: World) -> None:
    view = plain(await take(world))
    assert (view["outcome"], view["amount_cents"], view["environment"]) == ("voided", 100, "blue")
    assert [(sent.order, sent.amount_cents) for sent in world.rail.submitted] == [("authorize", 100), ("void", 100)]
    assert (await health_payments(world))[0].status.value == "canceled"
    assert await all_is_well(world)


async def test_it_counts_in_no_rate_no_saving_no_fraud_window_and_no_ledger(world: World) -> None:
    await paid(world)
    journals, counted = await world.store.journals(0, 100), len(await facts(world))
    scored, observed, attempts = len(world.scorer.scored), len(world.scorer.observed), list(world.process.attempts)
    await take(world)
    told = (await facts(world))[counted:]
    assert {(type(fact), fact.object if isinstance(fact, ObjectChanged) else "") for fact in told} == {
        (ObjectChanged, "health_payment")
    }
    assert await world.store.journals(0, 100) == journals
    assert (len(world.scorer.scored), len(world.scorer.observed)) == (scored, observed)
    assert world.process.attempts == attempts
    assert await all_is_well(world)


async def test_the_same_key_pays_once_and_gets_the_same_bytes(world: World) -> None:
    first = await take(world)
    world.clock.ms += 5_000
    again = await take(world)
    assert (again.body, again.replayed, first.replayed) == (first.body, True, False)
    assert len(world.rail.submitted) == 2


async def test_a_key_that_another_request_used_is_refused(world: World) -> None:
    await take(world)
    payments = HealthPayments(world.store, world.process.desk, ORIGIN)
    assert await payments.take(call_of("h1", None), BODY) is OnceRefusal.IDEMPOTENCY_MISMATCH


async def test_in_holding_mode_nothing_is_paid_and_it_says_so(world: World) -> None:
    await control(world, "holding")
    view = plain(await take(world))
    assert view["outcome"] == "holding"
    assert "holding mode" in view["detail"]
    assert world.rail.submitted == []
    assert await health_payments(world) == []
    world.clock.ms += 1
    await control(world, "normal")
    await world.process.run_jobs(world.clock.ms)
    assert world.rail.submitted == []
    assert plain(await take(world))["outcome"] == "voided"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (["declined"], "declined"),
        (["failed"], "failed"),
        (["lost"], "undecided"),
        (["mute"], "undecided"),
        (["approved", "declined"], "not_voided"),
        (["approved", "lost"], "not_voided"),
    ],
)
async def test_what_the_rail_does_not_do_is_told_and_nothing_stays_authorized(
    world: World, answers: list[str], outcome: str
) -> None:
    world.rail.next_answers = list(answers)
    assert plain(await take(world))["outcome"] == outcome
    for _ in range(4):
        world.clock.ms += TERMS.health_authorization_ms + 3_600_000
        await world.process.run_jobs(world.clock.ms)
    assert {payment.status.value for payment in await health_payments(world)} <= {"canceled", "failed", "declined"}
    assert all(isinstance(fact, ObjectChanged) for fact in await facts(world))
    assert await all_is_well(world)


async def test_a_bad_release_fails_its_own_health_payment() -> None:
    world = memory_world()
    world.new_process(fault=FaultProfile(fail_percent=100))
    view = plain(await take(world))
    assert (view["outcome"], "release_fault" in view["detail"]) == ("failed", True)


async def test_it_cannot_be_captured(world: World) -> None:
    world.rail.next_answers = ["approved", "declined"]
    view = plain(await take(world))
    assert await capture(world, view["payment_id"]) is PaymentRefusal.PAYMENT_NOT_CAPTURABLE


@pytest.mark.parametrize("awaits", range(1, 16))
async def test_whenever_its_process_dies_the_money_is_released_soon(awaits: int) -> None:
    world = memory_world()
    world.process.fuse.left = awaits
    try:
        await take(world)
    except ProcessDied:
        world.new_process()
    for _ in range(4):
        world.clock.ms += TERMS.health_authorization_ms
        await world.process.run_jobs(world.clock.ms)
    assert {payment.status.value for payment in await health_payments(world)} <= {"canceled", "failed"}
    assert isinstance(await take(world), Answer)
    assert all(isinstance(fact, ObjectChanged) for fact in await facts(world))
    assert await all_is_well(world)
