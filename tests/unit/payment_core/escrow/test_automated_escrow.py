"""While automated escrow is off no money leaves an escrow by the clock; people move it, and later the clock goes on."""

import pytest

from payment_core.escrow.model import EscrowTimer
from payment_core.escrow.requests import AmountRequest
from payment_core.escrow.timers import EscrowTimers
from payment_core.operations.bodies import ReasonRequest
from tests.unit.payment_core.escrow.escrow_world import DAY_MS, NOW_MS, EscrowWorld, answered
from tests.unit.payment_core.flags.chosen import ChosenFlags

WEEK_MS = 7 * DAY_MS
OFF = ChosenFlags(automated_escrow="off")


@pytest.fixture
async def world() -> EscrowWorld:
    world = EscrowWorld()
    await world.add_provider()
    await world.add_payment(amount_cents=2_000_000)
    return world


async def run(world: EscrowWorld, flags: ChosenFlags) -> int:
    done = await EscrowTimers(world.store, world.setting, flags).run_once(world.clock.now_ms())
    await world.check_money()
    return done


async def next_look_ms(world: EscrowWorld, escrow_id: str) -> int:
    timer = await world.store.read(EscrowTimer, escrow_id)
    assert timer is not None
    return timer.at_ms


@pytest.mark.parametrize(("timer", "after"), [("release", "released"), ("refund", "refunded")])
async def test_what_is_due_waits_while_it_is_off_and_happens_once_it_is_on_again(
    world: EscrowWorld, timer: str, after: str
) -> None:
    due_ms = NOW_MS + WEEK_MS
    release_ms, refund_ms = (due_ms, 0) if timer == "release" else (0, due_ms)
    escrow = await world.create(auto_release_at_ms=release_ms, auto_refund_at_ms=refund_ms)
    world.clock.at_ms = NOW_MS + WEEK_MS
    assert await run(world, OFF) == 0
    assert (await world.stored(escrow.id)).status == "funded"
    world.clock.at_ms = await next_look_ms(world, escrow.id)
    assert await run(world, ChosenFlags()) == 1
    assert (await world.stored(escrow.id)).status == after


async def test_a_dispute_that_nobody_decided_is_not_decided_by_the_clock_while_it_is_off(world: EscrowWorld) -> None:
    escrow = await world.create()
    answered(await world.desk.dispute(world.call(escrow_id=escrow.id), ReasonRequest("not delivered")))
    world.clock.at_ms = (await world.stored(escrow.id)).resolves_at_ms
    assert await run(world, OFF) == 0
    assert (await world.stored(escrow.id)).status == "disputed"
    world.clock.at_ms = await next_look_ms(world, escrow.id)
    assert await run(world, ChosenFlags()) == 1
    assert (await world.stored(escrow.id)).status != "disputed"


async def test_people_release_while_it_is_off(world: EscrowWorld) -> None:
    escrow = await world.create(auto_release_at_ms=NOW_MS + WEEK_MS)
    world.clock.at_ms = NOW_MS + WEEK_MS
    await run(world, OFF)
    answered(await world.desk.release(world.call(escrow_id=escrow.id), AmountRequest()))
    assert (await world.stored(escrow.id)).status == "released"


async def test_off_for_one_provider_leaves_the_escrows_of_others_alone(world: EscrowWorld) -> None:
    escrow = await world.create(auto_release_at_ms=NOW_MS + WEEK_MS)
    world.clock.at_ms = NOW_MS + WEEK_MS
    others = ChosenFlags(automated_escrow="off")
    others.only_for = "pro_other"
    assert await run(world, others) == 1
    assert (await world.stored(escrow.id)).status == "released"
