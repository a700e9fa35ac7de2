"""The sweep acts when its time has come, and only if everything still allows it."""

import pytest
import structlog

from payment_core.errors import StoreBusy
from payment_core.escrow.model import Escrow, EscrowTimer
from payment_core.escrow.options import HOUR_MS, EscrowOptions
from payment_core.escrow.requests import AmountRequest, ConditionRequest
from payment_core.escrow.timers import ACTOR, BATCH, EscrowTimers
from payment_core.money import Charge
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.store.port import Work
from tests.unit.payment_core.escrow.escrow_world import (
    DAY_MS,
    NOW_MS,
    Died,
    EscrowWorld,
    MortalStore,
    T,
    answered,
)

WHY = ReasonRequest("suspicious")
WEEK_MS = 7 * DAY_MS


@pytest.fixture
async def world() -> EscrowWorld:
    world = EscrowWorld()
    await world.add_provider()
    await world.add_payment(amount_cents=2_000_000)
    return world


async def run(world: EscrowWorld) -> int:
    done = await world.timers.run_once(world.clock.now_ms())
    await world.check_money()
    return done


async def status_at(world: EscrowWorld, escrow_id: str, at_ms: int) -> str:
    world.clock.at_ms = at_ms
    await run(world)
    return (await world.stored(escrow_id)).status


async def timer_at(world: EscrowWorld, escrow_id: str) -> int:
    timer = await world.store.read(EscrowTimer, escrow_id)
    return 0 if timer is None else timer.at_ms


async def test_an_escrow_releases_itself_at_its_time_and_not_before(world: EscrowWorld) -> None:
    escrow = await world.create(auto_release_at_ms=NOW_MS + WEEK_MS)
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS - 1) == "funded"
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS) == "released"
    assert await timer_at(world, escrow.id) == 0
    rows = [row for row in await world.store.audit(0, 0, 100) if row.id == escrow.id]
    assert rows[-1].actor == ACTOR


async def test_an_escrow_refunds_itself_at_its_time(world: EscrowWorld) -> None:
    escrow = await world.create(auto_refund_at_ms=NOW_MS + HOUR_MS)
    assert await status_at(world, escrow.id, NOW_MS + HOUR_MS) == "refunded"


async def test_a_timer_waits_for_the_hold(world: EscrowWorld) -> None:
    escrow = await world.create(auto_release_at_ms=NOW_MS + HOUR_MS)
    assert await timer_at(world, escrow.id) == escrow.hold_until_ms
    assert await status_at(world, escrow.id, escrow.hold_until_ms) == "released"


async def test_a_timer_releases_nothing_without_conditions_and_wakes_when_they_are_satisfied(
    world: EscrowWorld,
) -> None:
    escrow = await world.create(conditions=("delivered",), auto_release_at_ms=NOW_MS + WEEK_MS)
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS) == "funded"
    assert await timer_at(world, escrow.id) == 0
    call = world.call(escrow_id=escrow.id, name="delivered")
    answered(await world.desk.satisfy(call, ConditionRequest("shipment/1")))
    assert await run(world) == 1
    assert (await world.stored(escrow.id)).status == "released"


async def test_a_timer_releases_nothing_without_approvals(world: EscrowWorld) -> None:
    escrow = await world.create(600_000, auto_release_at_ms=NOW_MS + WEEK_MS)
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS) == "funded"
    answered(await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody()))
    assert await run(world) == 0
    answered(await world.desk.approve(world.call("key:bob", escrow_id=escrow.id), NoBody()))
    assert await run(world) == 1
    assert (await world.stored(escrow.id)).status == "released"


async def test_a_freeze_wins_over_every_timer(world: EscrowWorld) -> None:
    releasing = await world.create(auto_release_at_ms=NOW_MS + WEEK_MS)
    refunding = await world.create(auto_refund_at_ms=NOW_MS + WEEK_MS)
    for escrow in (releasing, refunding):
        answered(await world.desk.freeze(world.call(escrow_id=escrow.id), WHY))
    for escrow in (releasing, refunding):
        assert await status_at(world, escrow.id, NOW_MS + 2 * WEEK_MS) == "frozen"
    for escrow in (releasing, refunding):
        answered(await world.desk.unfreeze(world.call(escrow_id=escrow.id), NoBody()))
    assert await run(world) == 2


async def test_a_suspended_payee_is_asked_for_again_a_day_later(world: EscrowWorld) -> None:
    escrow = await world.create(auto_release_at_ms=NOW_MS + WEEK_MS)
    await world.set_provider("pro_a", "suspended")
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS) == "funded"
    await world.set_provider("pro_a", "active")
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS + DAY_MS) == "released"


@pytest.mark.parametrize(("goes_to", "released"), [("payer", 0), ("provider", 50_000)])
async def test_an_undecided_dispute_resolves_itself_after_30_days(goes_to: str, released: int) -> None:
    world = EscrowWorld(EscrowOptions(undecided_goes_to="payer" if goes_to == "payer" else "provider"))
    await world.add_provider()
    await world.add_payment()
    escrow = await world.create(50_000)
    answered(await world.desk.dispute(world.call(escrow_id=escrow.id), WHY))
    assert await status_at(world, escrow.id, NOW_MS + 30 * DAY_MS - 1) == "disputed"
    assert await status_at(world, escrow.id, NOW_MS + 30 * DAY_MS) == "resolved"
    after = await world.stored(escrow.id)
    assert (after.released_cents, after.refunded_cents) == (released, 50_000 - released)


async def test_a_frozen_dispute_does_not_resolve_itself(world: EscrowWorld) -> None:
    escrow = await world.create()
    answered(await world.desk.dispute(world.call(escrow_id=escrow.id), WHY))
    answered(await world.desk.freeze(world.call(escrow_id=escrow.id), WHY))
    assert await status_at(world, escrow.id, NOW_MS + 60 * DAY_MS) == "frozen"
    answered(await world.desk.unfreeze(world.call(escrow_id=escrow.id), NoBody()))
    await run(world)
    assert (await world.stored(escrow.id)).status == "resolved"


async def test_an_escrow_is_funded_once_its_payment_is_captured(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", captured=False)
    escrow = await world.create(1_000, "pay_2")
    assert await status_at(world, escrow.id, NOW_MS + HOUR_MS) == "created"
    await world.capture_payment("pay_2")
    assert await status_at(world, escrow.id, NOW_MS + 2 * HOUR_MS) == "funded"


async def test_an_escrow_that_never_gets_its_money_expires(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", captured=False)
    escrow = await world.create(1_000, "pay_2")
    for hour in range(1, 24):
        assert await status_at(world, escrow.id, NOW_MS + hour * HOUR_MS) == "created"
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS) == "expired"
    versions = [row.version for row in await world.store.audit(0, 0, 100) if row.id == escrow.id]
    assert versions == [1, 2]


async def test_a_refund_that_is_refused_is_tried_again_a_day_later(world: EscrowWorld) -> None:
    net = await world.add_payment("pay_2", 10_000)
    escrow = await world.create(net, "pay_2", auto_refund_at_ms=NOW_MS + HOUR_MS)
    await world.change_payment("pay_2", disputed_cents=5_000, open_disputes=1)
    assert await status_at(world, escrow.id, NOW_MS + HOUR_MS) == "funded"
    await world.change_payment("pay_2", disputed_cents=0, open_disputes=0)
    assert await status_at(world, escrow.id, NOW_MS + HOUR_MS + DAY_MS) == "refunded"


async def test_a_partial_release_keeps_the_timer_for_the_rest(world: EscrowWorld) -> None:
    escrow = await world.create(auto_release_at_ms=NOW_MS + WEEK_MS)
    world.clock.at_ms = escrow.hold_until_ms
    answered(await world.desk.release(world.call(escrow_id=escrow.id), AmountRequest(Charge(1, "USD"))))
    assert await status_at(world, escrow.id, NOW_MS + WEEK_MS) == "released"


async def test_one_escrow_that_fails_does_not_stop_the_others(world: EscrowWorld) -> None:
    escrows = [await world.create(1_000, auto_release_at_ms=NOW_MS + WEEK_MS) for _ in range(3)]

    class Poisoned(MortalStore):
        async def transact(self, work: Work[T], actor: str) -> T:
            self.awaits += 1
            if self.awaits == 2:
                raise StoreBusy
            return await super().transact(work, actor)

    world.clock.at_ms = NOW_MS + WEEK_MS
    sweep = EscrowTimers(Poisoned(world.store), world.setting)
    with structlog.testing.capture_logs() as logs:
        assert await sweep.run_once(world.clock.now_ms()) == 2
    assert [line["action"] for line in logs if line["log_level"] == "error"] == ["escrow_timer_failed"]
    assert await run(world) == 1
    assert {(await world.stored(escrow.id)).status for escrow in escrows} == {"released"}


async def test_an_escrow_whose_books_are_broken_is_put_off_and_does_not_stand_before_the_others(
    world: EscrowWorld,
) -> None:
    broken = await world.create(1_000, auto_release_at_ms=NOW_MS + WEEK_MS)
    await world.change_payment("pay_1", escrowed_cents=0)
    world.clock.at_ms = NOW_MS + WEEK_MS
    with structlog.testing.capture_logs() as logs:
        assert await world.timers.run_once(world.clock.now_ms()) == 0
    assert [line["action"] for line in logs] == ["escrow_timer_failed"]
    assert await timer_at(world, broken.id) == world.clock.now_ms() + DAY_MS
    assert await world.stored(broken.id) == broken


async def test_a_run_takes_a_bounded_batch(world: EscrowWorld) -> None:
    for _ in range(BATCH + 1):
        await world.create(100, auto_refund_at_ms=NOW_MS + HOUR_MS)
    world.clock.at_ms = NOW_MS + HOUR_MS
    assert [await world.timers.run_once(world.clock.now_ms()) for _ in range(3)] == [BATCH, 1, 0]


@pytest.mark.parametrize("timer", ["auto_release_at_ms", "auto_refund_at_ms"])
async def test_a_sweep_that_dies_anywhere_is_finished_exactly_once_by_the_next(timer: str) -> None:
    dies_at = 0
    died = True
    while died:
        dies_at += 1
        world = EscrowWorld()
        await world.add_provider()
        await world.add_payment(amount_cents=2_000_000)
        for _ in range(2):
            await world.create(1_000, "pay_1", **{timer: NOW_MS + WEEK_MS})
        world.clock.at_ms = NOW_MS + WEEK_MS
        mortal = MortalStore(world.store)
        mortal.dies_at = dies_at
        died = False
        try:
            await EscrowTimers(mortal, world.setting).run_once(world.clock.now_ms())
        except Died:
            died = True
        await world.check_money()
        await EscrowTimers(world.store, world.setting).run_once(world.clock.now_ms())
        await world.check_money()
        escrows = [escrow for escrow in await world._all(Escrow) if isinstance(escrow, Escrow)]
        assert [escrow.held_cents for escrow in escrows] == [0, 0]
        assert [escrow.version for escrow in escrows] == [3, 3]
    assert dies_at > 4
