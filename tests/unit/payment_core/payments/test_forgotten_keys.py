"""The key of a payment or refund is forgotten long after it was answered, unless what it asked for is still open."""

from checks.scoring.model import Decision
from payment_core.operations.forgetting import PUT_OFF_MS, KeyForgetting
from payment_core.operations.once import KEPT_MS, KeyRecord, key_id
from payment_core.payments.rail.flights import CREATE, REFUND
from payment_core.payments.unfinished import is_unfinished
from tests.simulation.payment_world import World, call_of
from tests.unit.payment_core.payments.asking import all_is_well, control, create, order, paid, plain, refund


async def forget(world: World) -> int:
    return await KeyForgetting(world.store, is_unfinished).run_once(world.clock.ms)


async def is_known(world: World, operation: str, key: str) -> bool:
    return await world.store.read(KeyRecord, key_id(operation, key)) is not None


async def test_a_settled_payment_keeps_its_key_for_ninety_days_and_then_the_key_pays_anew(world: World) -> None:
    first = plain(await create(world))
    world.clock.ms += KEPT_MS - 1
    assert await forget(world) == 0
    replayed = await create(world)
    assert (replayed.replayed, plain(replayed)["id"]) == (True, first["id"])
    world.clock.ms += 1
    assert await forget(world) == 1
    assert plain(await create(world))["id"] != first["id"]
    assert await all_is_well(world)


async def test_a_payment_that_was_never_sent_keeps_its_key_however_old_it_is(world: World) -> None:
    await control(world, "holding")
    held = plain(await create(world))
    for _ in range(3):
        world.clock.ms += KEPT_MS
        await forget(world)
    assert plain(await create(world))["id"] == held["id"]
    await control(world, "normal")
    await world.process.run_jobs(world.clock.ms)
    world.clock.ms += PUT_OFF_MS
    await forget(world)
    assert not await is_known(world, CREATE, "k1")
    assert await all_is_well(world)


async def test_a_payment_that_waits_for_a_person_keeps_its_key(world: World) -> None:
    world.scorer.decision = Decision.REVIEW
    await create(world)
    world.clock.ms += KEPT_MS
    assert await forget(world) == 1
    assert await is_known(world, CREATE, "k1")


async def test_a_refund_that_waits_keeps_its_key_and_one_that_is_done_does_not(world: World) -> None:
    payment = await paid(world)
    await refund(world, payment.id, 100, key="done")
    await control(world, "holding")
    await refund(world, payment.id, 100, key="waits")
    world.clock.ms += KEPT_MS
    await forget(world)
    known = [await is_known(world, REFUND, key) for key in ("done", "waits")]
    assert known == [False, True]


async def test_an_operation_that_its_process_left_behind_keeps_its_key_until_it_is_settled(world: World) -> None:
    body = order()
    assert await world.live(lambda process: process.desk.create(call_of("k1", body), body), dies_at=3) is None
    world.clock.ms += 3 * KEPT_MS
    assert await forget(world) == 0
    assert (await create(world)).status == 502, "the rail never saw it"
    world.clock.ms += KEPT_MS
    assert await forget(world) == 1
    assert await all_is_well(world)
